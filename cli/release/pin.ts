/** The pinned release in a stack's committed file: the one place where a promotion is written down. */
import * as fs from "node:fs";
import * as path from "node:path";
import lockfile from "proper-lockfile";
import * as yaml from "yaml";
import type { Pin } from "../../components/image/pin-check";
import { EXIT, Failure } from "../failure";
import { replaceFile } from "../replace-file";

const KEY = "ralex:release";
/** A command that was killed while it wrote a pin holds it up for this long, in milliseconds. */
const STALE_MS = 10_000;

const fileOf = (checkout: string, stack: string): string => path.join(checkout, `Pulumi.${stack}.yaml`);

/**
 * Replaces the pin of a stack's file and nothing else in it, comments included; by a rename, so that a reader never
 * meets half a file.
 * @throws Failure when another command is writing the same stack's pin.
 */
export async function writePin(checkout: string, stack: string, pin: Pin): Promise<void> {
  const file = fileOf(checkout, stack);
  const lock = path.join(checkout, ".ralex", `pin-${stack}`);
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  const release = await lockfile
    .lock(lock, { realpath: false, stale: STALE_MS })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ELOCKED") throw error;
      throw new Failure(
        `another command is writing the pin of ${stack}: wait for it, then look at ${file}`,
        EXIT.refused,
      );
    });
  try {
    const text = fs.readFileSync(file, "utf8");
    replaceFile(file, withPin(text, pin));
  } finally {
    await release();
  }
}

/** The text of a stack's file with another pin. @throws Failure when the text is no YAML. */
export function withPin(text: string, pin: Pin): string {
  const document = yaml.parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new Failure(`the stack's file is no YAML, and was left as it is: ${problem.message}`);
  // A key without a value is no place for another key.
  if ((document.get("config") ?? null) === null) document.set("config", document.createNode({}));
  const images = Object.fromEntries(Object.entries(pin.images).sort(([a], [b]) => (a < b ? -1 : 1)));
  document.setIn(["config", KEY], document.createNode({ id: pin.id, images }));
  return document.toString({ lineWidth: 0 });
}
