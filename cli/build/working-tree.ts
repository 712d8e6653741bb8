/** Whether the images of the working tree have to be built, without asking Pulumi: it takes seconds to find nothing. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { readLock } from "../../components/image/lock";
import type { RegistryReader } from "../../components/image/registry-reader";
import { readReleases, RELEASE_PROJECT, WORKING_TREE_STACK } from "../../components/image/releases";
import { replaceFile } from "../replace-file";
import { resourcesOf, stateText } from "../local-backend";
import type { StackFile } from "../stack-config";
import type { Workspace } from "../workspace";

/** All that an image of the working tree is made of, and what makes it. */
const SOURCES = ["images", "components/image", "stacks/images", "package-lock.json"] as const;
/** What tools leave among sources. */
const LEFT = /^(\.|__pycache__$)/;

/**
 * Names of images that were built and that their registry does not have any more: Pulumi itself sees no reason to build
 * them anew. One that cannot be asked takes no push either, which the build tells.
 */
export async function goneImages(workspace: Workspace, registry: RegistryReader): Promise<readonly string[]> {
  const resources = (await resourcesOf(workspace, RELEASE_PROJECT, WORKING_TREE_STACK)) ?? [];
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const images = readReleases(stack?.outputs?.releases)[0]?.images ?? {};
  const gone = await Promise.all(
    Object.entries(images).map(async ([name, { ref }]) => {
      const platforms = await registry.platformsOf(ref).catch(() => []);
      return platforms === undefined ? [name] : [];
    }),
  );
  return gone.flat();
}

/** Tells two builds apart: of other sources, with other settings, or after another update of the stack. */
export function fingerprint(workspace: Workspace, content: StackFile, contexts: readonly string[]): string | undefined {
  const state = stateText(workspace, RELEASE_PROJECT, WORKING_TREE_STACK);
  // Of a backend elsewhere nobody here knows what another command has done since.
  if (state === undefined) return undefined;
  const hash = crypto.createHash("sha256").update(state).update(JSON.stringify(content));
  hash.update(readLock(workspace.checkout, workspace.environment).ref("python").toString());
  for (const source of [...SOURCES.map((one) => path.join(workspace.checkout, one)), ...contexts]) {
    for (const file of filesIn(source)) {
      hash.update(`\0${path.relative(workspace.checkout, file)}\0`).update(fs.readFileSync(file));
    }
  }
  return hash.digest("hex");
}

function filesIn(place: string): readonly string[] {
  if (!fs.statSync(place).isDirectory()) return [place];
  return fs
    .readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => !LEFT.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const full = path.join(place, entry.name);
      if (entry.isDirectory()) return filesIn(full);
      return entry.isFile() ? [full] : [];
    });
}

const recordOf = (workspace: Workspace): string => workspace.path("working-tree");

/** Whether the last build that came to its end was this one. */
export const isBuilt = (workspace: Workspace, print: string | undefined): boolean =>
  print !== undefined &&
  fs.existsSync(recordOf(workspace)) &&
  fs.readFileSync(recordOf(workspace), "utf8").trim() === print;

/** @param print - taken after the build, whose state is part of it. */
export function recordBuilt(workspace: Workspace, print: string | undefined): void {
  if (print === undefined) fs.rmSync(recordOf(workspace), { force: true });
  else replaceFile(recordOf(workspace), `${print}\n`);
}
