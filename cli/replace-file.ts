import writeFileAtomic from "write-file-atomic";

/**
 * Writes a file by a rename, so that a reader never meets half of it; of two commands that write it at once the later
 * one wins.
 * @param mode - that of the file which is there, or else 0o666 less the umask, by default.
 */
export function replaceFile(file: string, text: string, mode?: number): void {
  writeFileAtomic.sync(file, text, mode === undefined ? {} : { mode });
}
