/** What git knows: of a checkout, and of one commit of another repository, fetched alone and checked. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { Failure } from "../failure";

/** Variables with which git would look elsewhere than told: a hook that runs `./ralex` has them set. */
const FORGOTTEN = /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|NAMESPACE|PREFIX|COMMON_DIR)$/;

/** Runs git without asking anybody anything. */
export async function git(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FORGOTTEN.test(name)));
  const result = await execa("git", [...args], {
    env: { ...inherited, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...env },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  if ((result as { code?: string }).code === "ENOENT") {
    throw new Failure("the program git is needed for this: install it and run this again");
  }
  return result;
}

/** The commit that is checked out; undefined where there is no repository, or none yet. */
export async function headCommit(checkout: string): Promise<string | undefined> {
  const { failed, stdout } = await git(["-C", checkout, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  return failed ? undefined : stdout.trim();
}

/** Files below some paths that are not as the commit has them, those among them that git does not know; sorted. */
export async function changedFiles(checkout: string, paths: readonly string[]): Promise<readonly string[]> {
  const list = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", ...paths];
  const { failed, stdout, stderr } = await git(["-C", checkout, ...list]);
  if (failed) throw new Failure(`git status failed: ${stderr.trim()}`);
  // Two letters and a blank stand before each name.
  return stdout
    .split("\0")
    .flatMap((entry) => (entry.length > 3 ? [entry.slice(3)] : []))
    .sort();
}

/**
 * Writes the files of a commit into a folder. Objects are kept in `store`, so that a commit is fetched once.
 * Submodules and large files kept elsewhere are not fetched.
 * @throws Failure when the repository does not answer, or has no such commit.
 */
export async function checkOutCommit(url: string, commit: string, store: string, folder: string): Promise<void> {
  const at = (...args: readonly string[]) => git([`--git-dir=${store}`, ...args], {});
  if (!fs.existsSync(path.join(store, "HEAD"))) await git(["init", "--quiet", "--bare", store]);
  const isCommit = async () =>
    (await at("rev-parse", "--verify", "--quiet", `${commit}^{commit}`)).stdout.trim() === commit;
  if (!(await isCommit())) {
    const fetched = await at("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", url, commit);
    if (fetched.failed) {
      const missing = /not our ref|unadvertised object/.test(fetched.stderr);
      const said = fetched.stderr.trim().split("\n").at(-1) ?? "";
      throw new Failure(
        missing
          ? `ralex:source: ${url} has no commit ${commit}: push it there, or name one that it has`
          : `ralex:source: ${url} cannot be fetched: check the address and your access to it (git says: ${said})`,
      );
    }
    if (!(await isCommit())) {
      throw new Failure(`ralex:source: ${commit} of ${url} is no commit (a tag or a file?): name the commit itself`);
    }
  }
  fs.mkdirSync(folder, { recursive: true });
  const index = { GIT_INDEX_FILE: path.join(store, `index-${process.pid}`) };
  try {
    const steps = [
      ["read-tree", commit],
      ["-c", "core.autocrlf=false", "checkout-index", "--all", "--force", `--prefix=${folder}/`],
    ];
    for (const step of steps) {
      const { failed, stderr } = await git([`--git-dir=${store}`, `--work-tree=${folder}`, ...step], index);
      if (failed) throw new Failure(`ralex:source: the files of ${commit} cannot be written: ${stderr.trim()}`);
    }
  } finally {
    fs.rmSync(index.GIT_INDEX_FILE, { force: true });
  }
}
