/** Puts together what a foreign Ralex is built from, before anything is built. */
import * as fs from "node:fs";
import * as path from "node:path";
import { BRIDGE_COMMAND } from "../../components/settings/docker";
import type { Settings } from "../../components/settings/schema";
import { parseSource } from "../../components/settings/source";
import { Failure } from "../failure";
import { dependencyLists } from "./dependencies";
import { checkOutCommit, git } from "./repository";
import { copyFiles, filesOf } from "./tree";

/** Where the context is, relative to the checkout: the same place for every source, so that its image is one resource. */
export const SOURCE_CONTEXT = ".ralex/source-context";

export interface SourceContext {
  /** The context's absolute folder. */
  readonly folder: string;
  /** What it was made from, for people: the source, and a folder's own commit. */
  readonly revision: string;
}

/**
 * The build context of the Ralex that `source` names; undefined without the setting.
 * @throws Failure when the source cannot be had or built; an earlier context is left as it was then.
 */
export async function prepareSource(checkout: string, settings: Settings): Promise<SourceContext | undefined> {
  if (settings.source === undefined) return undefined;
  const source = parseSource(settings.source);
  const folder = path.join(checkout, SOURCE_CONTEXT);
  const scratch = `${folder}.new-${process.pid}`;
  try {
    let tree: string;
    if (source.kind === "git") {
      tree = path.join(scratch, "fetched");
      await checkOutCommit(source.url, source.commit, path.join(checkout, ".ralex/source.git"), tree);
    } else {
      tree = path.resolve(checkout, source.path);
      if (fs.statSync(tree, { throwIfNoEntry: false })?.isDirectory() !== true) {
        throw new Failure(`ralex:source: there is no folder ${tree}: a path is absolute, or relative to ${checkout}`);
      }
    }
    const made = path.join(scratch, "context");
    await assemble(checkout, tree, settings.sourceCommand, made).catch((error: unknown) => {
      if (!(error instanceof Failure) || source.kind === "folder") throw error;
      throw new Failure(error.message.replaceAll(tree, settings.source ?? ""));
    });
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(made, folder);
    return { folder, revision: source.kind === "git" ? settings.source : `${tree}@${await commitOf(tree)}` };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function assemble(checkout: string, tree: string, command: string, made: string): Promise<void> {
  const files = await filesOf(tree);
  const lists = dependencyLists(tree, files);
  if (command === BRIDGE_COMMAND && !files.some((file) => /^(src\/)?ralex_bridge(\.py$|\/)/.test(file))) {
    throw new Failure(
      `ralex:source: ${tree} has no ralex_bridge for "${BRIDGE_COMMAND}": set ralex:sourceCommand, for instance to python -m its_module`,
    );
  }
  copyFiles(tree, files, path.join(made, "tree"));
  copyFiles(tree, lists.files, path.join(made, "dependencies"));
  const write = (name: string, content: string | Buffer) =>
    fs.writeFileSync(path.join(made, name), content, { mode: 0o644 });
  if (lists.merged !== undefined) write("dependencies/ralex.in", lists.merged);
  const images = path.join(checkout, "images");
  write("uv.lock", fs.readFileSync(path.join(images, "source/uv.lock")));
  write("minimal_root.py", fs.readFileSync(path.join(images, "ralex-api/minimal_root.py")));
  const entrypoint = JSON.stringify(command.trim().split(/\s+/));
  write("Dockerfile", `${fs.readFileSync(path.join(images, "source/Dockerfile"), "utf8")}ENTRYPOINT ${entrypoint}\n`);
}

/** A folder's commit, with `-dirty` where something is not committed; "unknown" outside git. */
export async function commitOf(folder: string): Promise<string> {
  const [commit, changes] = await Promise.all([
    git(["-C", folder, "rev-parse", "HEAD"]),
    git(["-C", folder, "status", "--porcelain"]),
  ]);
  if (commit.failed) return "unknown";
  return commit.stdout.trim() + (changes.stdout.trim() === "" ? "" : "-dirty");
}
