/** The signature that an evidence record carries, checked with nothing but a public key. */
import * as crypto from "node:crypto";
import type { Evidence, Findings } from "./record";

/** JSON with sorted keys and no spaces: the same bytes for the same record, whoever wrote it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(",")}}`;
}

/** The text that the seal of a record signs. */
export const sealedText = (findings: Findings): string => canonicalJson(findings);

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
