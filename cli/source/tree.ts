/** Which files of a tree go into its image, and how they are copied. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure } from "../failure";
import { ignoredBy } from "../../components/image/dockerignore";
import { git } from "./repository";

/** Never part of an image, whatever a tree says: history, caches, environments, and the usual place for secrets. */
const NEVER = new Set([".git", ".ralex", ".env", ".venv", "__pycache__", "node_modules"]);

const isNever = (file: string): boolean => file.split("/").some((part) => NEVER.has(part));

/** Paths relative to the tree, in order: what its .dockerignore leaves, or else what git does not ignore. */
export async function filesOf(tree: string): Promise<readonly string[]> {
  const ignoreFile = path.join(tree, ".dockerignore");
  const files = fs.existsSync(ignoreFile)
    ? walk(tree, ignoredBy(fs.readFileSync(ignoreFile, "utf8")))
    : await notIgnoredByGit(tree);
  return files.filter((file) => !isNever(file)).sort();
}

function walk(tree: string, rules: ReturnType<typeof ignoredBy>): readonly string[] {
  const visit = (folder: string): readonly string[] =>
    fs.readdirSync(path.join(tree, folder), { withFileTypes: true }).flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (NEVER.has(entry.name)) return [];
      const isIgnored = rules.ignores(file);
      if (entry.isDirectory()) return isIgnored && !rules.hasExceptions ? [] : visit(file);
      return isIgnored ? [] : [file];
    });
  return visit("");
}

/** As `git add --all` sees the tree, with the index of its own repository where it has one. */
async function notIgnoredByGit(tree: string): Promise<readonly string[]> {
  const list = ["ls-files", "-z", "--others", "--exclude-standard"];
  if (fs.existsSync(path.join(tree, ".git"))) {
    const { failed, stdout } = await git(["-C", tree, ...list, "--cached"]);
    // A file that was deleted and not yet staged is in the index all the same.
    if (!failed) return split(stdout).filter((file) => fs.lstatSync(path.join(tree, file), { throwIfNoEntry: false }));
  }
  const empty = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-source-"));
  try {
    await git(["init", "--quiet", "--bare", empty]);
    const { failed, stdout, stderr } = await git([
      ...["-C", tree, "-c", "core.bare=false", `--git-dir=${empty}`, "--work-tree=."],
      ...list,
    ]);
    if (failed) throw new Failure(`ralex:source: the files of ${tree} cannot be listed: ${stderr.trim()}`);
    return split(stdout);
  } finally {
    fs.rmSync(empty, { recursive: true, force: true });
  }
}

// A name that ends with a slash is a repository inside the tree, which git does not look into.
const split = (names: string): readonly string[] =>
  names.split("\0").filter((name) => name !== "" && !name.endsWith("/"));

/**
 * Copies files with modes that do not depend on the machine; links stay links. Times are new on purpose: BuildKit takes
 * a file of the same size and time for unchanged, and the Dockerfile sets the times that the image has.
 */
export function copyFiles(tree: string, files: readonly string[], destination: string): void {
  fs.mkdirSync(destination, { recursive: true, mode: 0o755 });
  for (const file of files) {
    const from = path.join(tree, file);
    const to = path.join(destination, file);
    const status = fs.lstatSync(from);
    fs.mkdirSync(path.dirname(to), { recursive: true, mode: 0o755 });
    if (status.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(from), to);
    else if (status.isFile()) {
      fs.copyFileSync(from, to);
      fs.chmodSync(to, (status.mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}
