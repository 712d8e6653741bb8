/** Reads the evidence of an image from the checkout's own folder: a policy needs no network for it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ralex } from "../../command-line";
import { ImageRef } from "../image-ref";
import { EVIDENCE, type Evidence } from "./record";
import { brokenSeal } from "./seal";

/** The evidence is damaged, altered, of another image or sealed by an unknown key; the message says what to do. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
}

/** Whose evidence is believed. */
export interface Trust {
  /** Public keys in PEM, any of which may have sealed a record. */
  readonly keys: readonly string[];
  /** What to do about a record of another key (`sha256:…`); without it, to make the record again. */
  readonly remedy?: (key: string) => string;
}

/** Where the evidence of a digest is, whatever repository it was pushed to. */
export function evidenceFile(checkout: string, ref: string): string {
  return path.join(checkout, ".ralex/evidence", `${ImageRef.parse(ref).digest.replace(":", "-")}.json`);
}

/**
 * The public key that evidence has to be sealed by: `RALEX_SIGNING_PUBLIC_KEY`, else the one that belongs to
 * `RALEX_SIGNING_KEY`, else this checkout's own.
 */
export function trustedKeyFile(checkout: string, environment: NodeJS.ProcessEnv = process.env): string {
  const isSet = (value: string | undefined): value is string => value !== undefined && value !== "";
  const named = environment.RALEX_SIGNING_PUBLIC_KEY;
  if (isSet(named)) return path.resolve(checkout, named);
  const own = isSet(environment.RALEX_SIGNING_KEY) ? "pipeline.pub" : "cosign.pub";
  return path.join(checkout, ".ralex/signing", own);
}

/**
 * Reads the evidence of an image.
 * @param trust - asked only where there is a record; by default the key of this checkout.
 * @returns undefined where there is no file: a gate refuses that.
 * @throws EvidenceError when the record is not whole, not this image's, or not sealed by a trusted key.
 */
export function readEvidence(
  checkout: string,
  ref: string,
  trust: () => Trust = () => ({ keys: [trustedKey(checkout)] }),
): Evidence | undefined {
  const file = evidenceFile(checkout, ref);
  if (!fs.existsSync(file)) return undefined;
  return parseEvidence(fs.readFileSync(file, "utf8"), ref, trust(), file);
}

/** PEM of the trusted public key. @throws EvidenceError when there is none. */
export function trustedKey(checkout: string, environment: NodeJS.ProcessEnv = process.env): string {
  const file = trustedKeyFile(checkout, environment);
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    throw new EvidenceError(
      `no key to check evidence with: ${file} cannot be read. ` +
        "Set RALEX_SIGNING_PUBLIC_KEY to the public key (PEM) of the pipeline that built the image",
    );
  }
}

/**
 * @param origin - where the text is from, for the message
 * @throws EvidenceError as {@link readEvidence}.
 */
export function parseEvidence(text: string, ref: string, { keys, remedy }: Trust, origin: string): Evidence {
  const { digest } = ImageRef.parse(ref);
  const again = `Make it again: ${ralex("evidence", ref, "--collect")}`;
  const refuse = (reason: string, todo = again): never => {
    throw new EvidenceError(`the evidence ${origin} is refused: ${reason}. ${todo}`);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return refuse(`it is no JSON (${(error as Error).message})`);
  }
  const parsed = EVIDENCE.safeParse(document);
  if (!parsed.success) {
    return refuse(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  }
  const evidence = parsed.data;
  const own = ImageRef.parse(evidence.image).digest;
  if (own !== digest) return refuse(`it is of ${own}`);
  const broken = brokenSeal(evidence, keys);
  if (broken === undefined) return evidence;
  return refuse(broken.reason, broken.isForeign ? remedy?.(evidence.seal.key) : undefined);
}
