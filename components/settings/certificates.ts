/** Certificates in PEM, as people paste them into a setting. */
import { X509Certificate } from "node:crypto";

/** Of one setting. The engine hands all of them to the program in one variable, for which Linux has 128 KiB. */
const MOST_KIB = 32;

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/**
 * What is wrong with a text that has to hold certificates and nothing else, or undefined.
 *
 * A private key is refused by name: the setting is kept in clear.
 */
export function certificateProblem(pem: string): string | undefined {
  const blocks = [...pem.matchAll(BLOCK)].map(([block, kind]) => ({ block, kind }));
  if (blocks.some(({ kind }) => kind?.endsWith("PRIVATE KEY"))) {
    return "must hold no private key, since it is kept in clear: put the authority's certificate alone";
  }
  if (Buffer.byteLength(pem) > MOST_KIB * 1024) {
    return `must have at most ${MOST_KIB} KiB: put the authority of that server alone, and no bundle of all that there are`;
  }
  if (blocks.length === 0) {
    return "must be certificates in PEM, with their line ends: -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";
  }
  for (const [position, { block }] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      return `must be certificates in PEM; number ${position + 1} of ${blocks.length} cannot be read`;
    }
  }
  return undefined;
}
