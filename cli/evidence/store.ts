/** Where evidence is kept: beside the image in its registry, and as a file of the checkout. */
import * as fs from "node:fs";
import * as path from "node:path";
import { evidenceFile, parseEvidence, trustedKey, type Trust } from "../../components/image/evidence/read";
import { EVIDENCE_TYPE, type Evidence } from "../../components/image/evidence/record";
import { ImageRef } from "../../components/image/image-ref";
import { Failure } from "../failure";
import { replaceFile } from "../replace-file";
import { readManifest } from "./manifests";
import { Repository } from "./registry";
import type { Subject } from "./subject";

const REFERRER_FILE = "evidence.json";
const REVISION = "org.opencontainers.image.revision";
/** Written by oras. */
const CREATED = "org.opencontainers.image.created";

/** The file last: a checkout never has a record that its registry lacks. @throws ToolError when it is refused */
export async function keepEvidence({ checkout, repository, ref, scratch }: Subject, evidence: Evidence): Promise<void> {
  const text = `${JSON.stringify(evidence, null, 2)}\n`;
  fs.writeFileSync(path.join(scratch, REFERRER_FILE), text);
  const annotations = { [REVISION]: evidence.revision };
  await repository.attach(ref.digest, { file: REFERRER_FILE, type: EVIDENCE_TYPE, annotations }, scratch);
  // Read back as a gate will: a record that would be refused is a fault of this program, or of the key.
  parseEvidence(text, ref.toString(), { keys: [trustedKey(checkout)] }, "that was just made");
  writeEvidence(checkout, ref.toString(), text);
}

function writeEvidence(checkout: string, ref: string, text: string): void {
  const file = evidenceFile(checkout, ref);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  // Two commands may fetch the same record at once.
  replaceFile(file, text);
}

/**
 * Fetches the newest record that is kept beside an image, and keeps it as the checkout's file.
 * @returns undefined where the image has none
 * @throws EvidenceError when it is damaged, altered or sealed by a key that is not trusted; ToolError when the registry does not answer
 */
export async function pullEvidence(
  checkout: string,
  ref: string,
  trust: () => Trust = () => ({ keys: [trustedKey(checkout)] }),
): Promise<Evidence | undefined> {
  const image = ImageRef.parse(ref);
  const repository = await Repository.of(image);
  const referrers = [...(await repository.referrers(image.digest, EVIDENCE_TYPE))].sort((a, b) =>
    (a.annotations?.[CREATED] ?? "") < (b.annotations?.[CREATED] ?? "") ? 1 : -1,
  );
  const newest = referrers[0];
  if (newest === undefined) return undefined;
  const text = await repository.text(fileOf(await repository.manifest(newest.digest)));
  const origin = `${repository.at(newest.digest)} in the registry`;
  const evidence = parseEvidence(text, ref, trust(), origin);
  writeEvidence(checkout, ref, text);
  return evidence;
}

/** Digest of the only file of an artifact. @throws Failure when it has none */
function fileOf(text: string): string {
  const digest = readManifest(text).layers[0]?.digest;
  if (digest === undefined) throw new Failure("an evidence artifact in the registry holds no file");
  return digest;
}
