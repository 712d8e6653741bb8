/** The commit that a release is built from: whether it is what the checkout holds, and what it changed when. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ignoredBy } from "../../components/image/dockerignore";
import type { ExportedCommit } from "../../components/image/exported-commit";
import { EXIT, Failure } from "../failure";
import { changedFiles, git, headCommit } from "../source/repository";

/** Build contexts of a release, below `images/`. */
export const CONTEXTS = ["ralex-api", "probe"] as const;
/** What else decides a release: the program that builds it, and the digest of the base image. */
const PROGRAM = ["stacks/images", "components/image/application-images.ts", "images/images.lock.json"] as const;

async function ask(checkout: string, args: readonly string[]): Promise<string> {
  const { failed, stdout, stderr } = await git(["-C", checkout, ...args]);
  if (failed) throw new Failure(`git ${args[0]} failed: ${stderr.trim()}`);
  return stdout.trim();
}

/**
 * The checkout's commit, with the last change of every build context.
 * @throws Failure with exit code 2 when the checkout differs from it in what the build uses, or its history is cut off.
 */
export async function commitToBuild(checkout: string): Promise<ExportedCommit> {
  const revision = await headCommit(checkout);
  if (revision === undefined) {
    throw new Failure(`a release is built from a commit, and ${checkout} has none: clone the repository`, EXIT.refused);
  }
  const changed = await uncommitted(checkout);
  if (changed.length > 0) {
    throw new Failure(
      `a release is built from a commit, and these files differ from it:\n  ${changed.join("\n  ")}\n` +
        "Commit or undo them, then run this again; ./ralex start builds the working tree as it is",
      EXIT.refused,
    );
  }
  const [api, probe] = await Promise.all(CONTEXTS.map((context) => lastChange(checkout, revision, context)));
  if (api === undefined || probe === undefined) throw new Failure(`${revision} lacks images/${CONTEXTS.join(" or ")}`);
  return { revision, changes: { "ralex-api": api, probe } };
}

/** Files that the build uses and that are not as the commit has them. */
async function uncommitted(checkout: string): Promise<readonly string[]> {
  const paths = [...CONTEXTS.map((context) => `images/${context}`), ...PROGRAM];
  return (await changedFiles(checkout, paths)).filter((file) => isUsed(checkout, file));
}

/** Whether a file reaches the build: an edited test does not. */
function isUsed(checkout: string, file: string): boolean {
  const context = CONTEXTS.find((name) => file.startsWith(`images/${name}/`));
  if (context === undefined) return true;
  const inside = file.slice(`images/${context}/`.length);
  if (inside.startsWith("Dockerfile")) return true;
  const ignore = path.join(checkout, "images", context, "Dockerfile.dockerignore");
  return !(fs.existsSync(ignore) && ignoredBy(fs.readFileSync(ignore, "utf8")).ignores(inside));
}

async function lastChange(checkout: string, revision: string, context: string) {
  const line = await ask(checkout, ["log", "-1", "--format=%H %ct", revision, "--", `images/${context}`]);
  const [commit = "", time = ""] = line.split(" ");
  if (commit === "") return undefined;
  const cut = path.resolve(checkout, await ask(checkout, ["rev-parse", "--git-path", "shallow"]));
  if (fs.existsSync(cut) && fs.readFileSync(cut, "utf8").includes(commit)) {
    throw new Failure(
      `this clone's history is cut off before the last change of images/${context}, whose time decides the digests: ` +
        "run git fetch --unshallow (in a pipeline: fetch-depth 0), then run this again",
      EXIT.refused,
    );
  }
  return { commit, time: Number(time) };
}
