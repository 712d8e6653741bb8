/** Whether the images of the working tree have to be built, without asking Pulumi: it takes seconds to find nothing. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { readLock } from "../../components/image/lock";
import type { RegistryReader } from "../../components/image/registry-reader";
import { readReleases, RELEASE_PROJECT, WORKING_TREE_STACK } from "../../components/image/releases";
import { replaceFile } from "../replace-file";
import { recordedOutputs } from "../backend/resources";
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
  const outputs = await recordedOutputs(workspace, RELEASE_PROJECT, WORKING_TREE_STACK);
  const images = readReleases(outputs?.releases)[0]?.images ?? {};
  const gone = await Promise.all(
    Object.entries(images).map(async ([name, { ref }]) => {
      const platforms = await registry.platformsOf(ref).catch(() => []);
      return platforms === undefined ? [name] : [];
    }),
  );
  return gone.flat();
}

/** Tells two builds apart: of other sources, or with other settings. To be taken before a build: sources may change in it. */
export function fingerprint(
  { checkout, environment }: Workspace,
  content: StackFile,
  contexts: readonly string[],
): string {
  const hash = crypto.createHash("sha256").update(JSON.stringify(content));
  hash.update(readLock(checkout, environment).ref("python").toString());
  for (const source of [...SOURCES.map((one) => path.join(checkout, one)), ...contexts]) {
    for (const file of filesIn(source)) {
      hash.update(`\0${path.relative(checkout, file)}\0`).update(fs.readFileSync(file));
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

const recordFile = (workspace: Workspace): string => workspace.path("working-tree");

/** What is recorded of a build: what it was of, and the state after it. */
async function recordOf({ backend }: Workspace, print: string): Promise<string | undefined> {
  const state = await backend.storedState({ project: RELEASE_PROJECT, stack: WORKING_TREE_STACK });
  return state === undefined ? undefined : `${print} ${crypto.createHash("sha256").update(state).digest("hex")}\n`;
}

/** Whether the last build that came to its end was this one, and no other command has touched its stack since. */
export const isBuilt = async (workspace: Workspace, print: string): Promise<boolean> =>
  fs.existsSync(recordFile(workspace)) &&
  fs.readFileSync(recordFile(workspace), "utf8") === (await recordOf(workspace, print));

export async function recordBuilt(workspace: Workspace, print: string): Promise<void> {
  const record = await recordOf(workspace, print);
  if (record !== undefined) replaceFile(recordFile(workspace), record);
}
