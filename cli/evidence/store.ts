/** Where evidence is kept: beside the image in its registry, and as a file of the checkout. */
import * as fs from "node:fs";
import * as path from "node:path";
import { evidenceFile, parseEvidence, trustedKey, type Trust } from "../../components/image/evidence/read";
import { EVIDENCE_TYPE, type Evidence } from "../../components/image/evidence/record";
import { replaceFile } from "../replace-file";
import type { Shelf } from "./shelf";
import type { Subject } from "./subject";

const FILE = "evidence.json";
const REVISION = "org.opencontainers.image.revision";

/** The file last: a checkout never has a record that its registry lacks. @throws ToolError when it is refused */
export async function keepEvidence({ checkout, shelf, ref, scratch }: Subject, evidence: Evidence): Promise<void> {
  const text = `${JSON.stringify(evidence, null, 2)}\n`;
  fs.writeFileSync(path.join(scratch, FILE), text);
  const annotations = { [REVISION]: evidence.revision };
  await shelf.put({ file: FILE, type: EVIDENCE_TYPE, annotations }, scratch);
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
 * Fetches the newest record of an image, and keeps it as the checkout's file.
 * @param shelf - where the registry has it.
 * @returns undefined where the image has none
 * @throws EvidenceError when it is damaged, altered or sealed by a key that is not trusted; ToolError when the registry does not answer
 */
export async function pullEvidence(
  checkout: string,
  ref: string,
  shelf: Shelf,
  trust: () => Trust = () => ({ keys: [trustedKey(checkout)] }),
): Promise<Evidence | undefined> {
  const newest = await shelf.newest({ file: FILE, type: EVIDENCE_TYPE });
  if (newest === undefined) return undefined;
  const evidence = parseEvidence(newest.text, ref, trust(), newest.origin);
  writeEvidence(checkout, ref, newest.text);
  return evidence;
}
