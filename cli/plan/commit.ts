/** The commit that a plan names: the program that it was made of is that commit's, or there is no plan. */
import { EXIT, Failure } from "../failure";
import { git } from "../source/repository";

/** What decides what an update does, apart from the stack's file, which the plan knows by content. */
const PROGRAM = [
  ...["cli", "components", "stacks", "toolchain", "keys", "images/images.lock.json"],
  ...["Pulumi.yaml", "package.json", "package-lock.json", "tsconfig.json"],
] as const;

/** @throws Failure (exit code 2) where there is no commit, or the program differs from it. */
export async function plannedCommit(checkout: string): Promise<string> {
  const head = await git(["-C", checkout, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  if (head.failed) {
    throw new Failure(`a plan names a commit, and ${checkout} has none: clone the repository`, EXIT.refused);
  }
  const list = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", ...PROGRAM];
  const { failed, stdout, stderr } = await git(["-C", checkout, ...list]);
  if (failed) throw new Failure(`git status failed: ${stderr.trim()}`);
  // Two letters and a blank stand before each name.
  const changed = stdout.split("\0").flatMap((entry) => (entry.length > 3 ? [entry.slice(3)] : []));
  if (changed.length === 0) return head.stdout.trim();
  throw new Failure(
    `a plan names a commit, and these files differ from it:\n  ${changed.sort().join("\n  ")}\n` +
      "Commit or undo them, then run this again",
    EXIT.refused,
  );
}
