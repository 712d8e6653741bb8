import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A folder that is gone after the tests of the file, or of the `describe`, that made it. */
export function scratchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-scratch-"));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
