import * as fs from "node:fs";

/**
 * Writes a file by a rename, so that a reader never meets half of it; of two commands that write it at once the later
 * one wins.
 * @param mode - 0o666 less the umask by default.
 */
export function replaceFile(file: string, text: string, mode = 0o666): void {
  const fresh = `${file}.${process.pid}.new`;
  fs.writeFileSync(fresh, text, { mode });
  fs.renameSync(fresh, file);
}
