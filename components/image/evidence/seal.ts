/** The signature that an evidence record carries, checked with nothing but a public key. */
import * as crypto from "node:crypto";
import { canonicalize } from "json-canonicalize";
import type { Evidence, Findings } from "./record";

/** The text that the seal of a record signs: canonical JSON (RFC 8785), the same bytes whoever wrote the record. */
export const sealedText = (findings: Findings): string => canonicalize(findings);

/** `sha256:` of a public key's bytes, whatever its file looks like. @throws Error when it is no public key in PEM. */
export function keyFingerprint(publicKey: string): string {
  const bytes = crypto.createPublicKey(publicKey).export({ type: "spki", format: "der" });
  return `sha256:${crypto.createHash("sha256").update(bytes).digest("hex")}`;
}

/** Why a seal does not hold under any of some public keys (PEM), or undefined when it does. */
export function brokenSeal({ seal, ...findings }: Evidence, publicKeys: readonly string[]): BrokenSeal | undefined {
  const publicKey = publicKeys.find((one) => keyFingerprint(one) === seal.key);
  if (publicKey === undefined) {
    const trusted = publicKeys.map(keyFingerprint).join(", ") || "none";
    return { reason: `it is sealed by the key ${seal.key}, and the key trusted here is ${trusted}`, isForeign: true };
  }
  const signature = Buffer.from(seal.signature, "base64");
  const altered = {
    reason: "its seal does not fit what it says: it was altered after it was sealed",
    isForeign: false,
  };
  // Base64 has several spellings of the same bytes; one of them is the signer's.
  if (signature.toString("base64") !== seal.signature) return altered;
  const holds = crypto.verify("sha256", Buffer.from(sealedText(findings)), publicKey, signature);
  return holds ? undefined : altered;
}

export interface BrokenSeal {
  readonly reason: string;
  /** Whether it is another's key that is the matter, and not the record. */
  readonly isForeign: boolean;
}
