/** What a build reads from its context: a hash over it decides whether to build again. */
import { createHash, type Hash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { ignoredBy } from "../../../../components/image/dockerignore";
import { OperationError } from "../support/plugin";

const readIfThere = (file: string): string | undefined =>
  fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;

/** Adds names, whether files are executable, and contents. Other bits of the mode differ between checkouts. */
function addFolder(hash: Hash, root: string, ignored: ReturnType<typeof ignoredBy>): void {
  const visit = (folder: string): void => {
    const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path.posix.join(folder, entry.name);
      const full = path.join(root, name);
      const isIgnored = ignored.ignores(name);
      if (entry.isDirectory()) {
        if (!isIgnored || ignored.hasExceptions) visit(name);
      } else if (isIgnored) continue;
      else if (entry.isSymbolicLink()) hash.update(`link\0${name}\0${fs.readlinkSync(full)}\0`);
      else if (entry.isFile()) {
        const content = fs.readFileSync(full);
        const isExecutable = (fs.statSync(full).mode & 0o100) !== 0;
        hash.update(`file\0${name}\0${isExecutable}\0${content.length}\0`).update(content);
      }
    }
  };
  visit("");
}

export interface Sources {
  readonly context: string;
  /** Path of the Dockerfile; its `<name>.dockerignore` goes before the context's own. */
  readonly dockerfile: string | undefined;
  readonly inline: string | undefined;
  /** Further contexts by name, as far as they are folders. */
  readonly named: Readonly<Record<string, string>>;
}

export const isRemote = (location: string): boolean =>
  /^(https?|git|ssh|docker-image|oci-layout|target):|^git@/.test(location);

/** Changes whenever a build of these sources could give something else. A remote context counts by its address. */
export function contextHash({ context, dockerfile, inline, named }: Sources): string {
  const hash = createHash("sha256");
  const text = inline ?? (dockerfile === undefined ? undefined : readIfThere(dockerfile));
  if (text === undefined && !isRemote(context)) {
    throw new OperationError(`there is no Dockerfile at ${path.resolve(dockerfile ?? "")}`);
  }
  hash.update(`dockerfile\0${text ?? ""}\0`);
  for (const [name, location] of [["", context], ...Object.entries(named).sort()] as [string, string][]) {
    hash.update(`context\0${name}\0`);
    if (isRemote(location)) {
      hash.update(location);
      continue;
    }
    if (!fs.existsSync(location))
      throw new OperationError(`the build context ${path.resolve(location)} does not exist`);
    const own = name === "" && dockerfile !== undefined ? readIfThere(`${dockerfile}.dockerignore`) : undefined;
    addFolder(hash, location, ignoredBy(own ?? readIfThere(path.join(location, ".dockerignore")) ?? ""));
  }
  return hash.digest("hex");
}
