/** The commit that a plan names: the program that it was made of is that commit's, or there is no plan. */
import { EXIT, Failure } from "../failure";
import { changedFiles, headCommit } from "../source/repository";

/** What decides what an update does, apart from the stack's file, which the plan knows by content. */
const PROGRAM = [
  ...["cli", "components", "stacks", "toolchain", "keys", "images/images.lock.json"],
  ...["Pulumi.yaml", "package.json", "package-lock.json", "tsconfig.json"],
] as const;

/** @throws Failure (exit code 2) where there is no commit, or the program differs from it. */
export async function plannedCommit(checkout: string): Promise<string> {
  const head = await headCommit(checkout);
  if (head === undefined) {
    throw new Failure(`a plan names a commit, and ${checkout} has none: clone the repository`, EXIT.refused);
  }
  const changed = await changedFiles(checkout, PROGRAM);
  if (changed.length === 0) return head;
  throw new Failure(
    `a plan names a commit, and these files differ from it:\n  ${changed.join("\n  ")}\n` +
      "Commit or undo them, then run this again",
    EXIT.refused,
  );
}
