/** A backend that is a folder. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Objects } from "./objects";

/** @param folder - what Pulumi keeps its files in, `.pulumi` at its end. */
export class FolderObjects implements Objects {
  constructor(private readonly folder: string) {}

  list(prefix: string): Promise<readonly string[]> {
    const top = path.posix.dirname(`${prefix}x`);
    return Promise.resolve(
      this.filesUnder(top)
        .filter((key) => key.startsWith(prefix))
        .sort(),
    );
  }

  has(key: string): Promise<boolean> {
    return Promise.resolve(fs.existsSync(path.join(this.folder, key)));
  }

  read(key: string): Promise<Buffer | undefined> {
    return Promise.resolve(unlessGone(() => fs.readFileSync(path.join(this.folder, key))));
  }

  remove(key: string): Promise<void> {
    fs.rmSync(path.join(this.folder, key), { force: true });
    return Promise.resolve();
  }

  private filesUnder(key: string): readonly string[] {
    const entries = unlessGone(() => fs.readdirSync(path.join(this.folder, key), { withFileTypes: true })) ?? [];
    return entries.flatMap((entry) => {
      const full = path.posix.join(key, entry.name);
      return entry.isDirectory() ? this.filesUnder(full) : [full];
    });
  }
}

/** Another command may remove what was just listed. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
