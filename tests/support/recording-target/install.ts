/** Adds target `recording` to a copy of the checkout: two new files, and a word in the list of targets. */
import * as fs from "node:fs";
import * as path from "node:path";

const FILES = ["stacks/recording.ts", "cli/targets/recording/index.ts"] as const;
const LIST = "components/settings/targets.ts";
const BEFORE = "] as const;";

/** @returns the file of the checkout that was changed. */
export function addRecordingTarget(checkout: string): string {
  for (const file of FILES) {
    const text = fs.readFileSync(path.join(__dirname, file), "utf8");
    const target = path.join(checkout, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    // Three folders lie between the checkout and these files here.
    fs.writeFileSync(target, text.replace(/"(\.\.\/){3}/g, '"'));
  }
  const list = path.join(checkout, LIST);
  const text = fs.readFileSync(list, "utf8");
  if (!text.includes(BEFORE)) throw new Error(`${LIST} has no ${BEFORE}`);
  fs.writeFileSync(list, text.replace(BEFORE, `, "recording"${BEFORE}`));
  return LIST;
}
