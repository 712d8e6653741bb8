/** The two updates behind a start: the release project, then the environment. */
import * as path from "node:path";
import { RELEASE_PROJECT, RELEASE_STACK, WORKING_TREE_STACK } from "../components/image/releases";
import { EXPORT_FOLDER } from "./build/export";
import { fingerprint, goneImages, isBuilt, recordBuilt } from "./build/working-tree";
import { openRegistry } from "./builder";
import type { Machine } from "./machine";
import { cancelStaleLock, forgetCommands } from "./recovery";
import { commitOf, type SourceContext } from "./source/context";
import { PROJECT } from "./project";
import { settingsOf } from "./settings";
import { prepareConfigFile, type StackFile } from "./stack-config";
import { openTarget } from "./targets";

const UPDATE = ["--yes", "--skip-preview", "--suppress-outputs"] as const;
/** Looks at every resource before the update, and so puts right what was changed by hand; about a second. */
export const REFRESH = "--refresh";

/** Builds what changed of Ralex's own images, or of a foreign Ralex's, and records the release. */
export async function updateImages(
  { workspace, registry, engineBuilds }: Machine,
  source?: SourceContext,
): Promise<void> {
  await cancelStaleLock(workspace, RELEASE_PROJECT, WORKING_TREE_STACK);
  const content = {
    config: {
      "ralex-images:registry": registry,
      "ralex-images:revision": source?.revision ?? (await commitOf(workspace.checkout)),
      ...(engineBuilds === true ? { "ralex-images:engineBuilds": "true" } : {}),
      ...(source === undefined ? {} : { "ralex-images:sourceContext": source.folder }),
    },
  };
  const print = fingerprint(workspace, content, source === undefined ? [] : [source.folder]);
  const gone = await goneImages(workspace, await openRegistry());
  if (gone.length === 0 && (await isBuilt(workspace, print))) {
    console.error("images: nothing changed");
    return;
  }
  if (gone.length > 0) console.error(`${gone.join(", ")}: gone from the registry, and built anew`);
  const file = await prepareConfigFile(workspace, RELEASE_PROJECT, WORKING_TREE_STACK, content);
  const folder = path.join(workspace.checkout, "stacks/images");
  const replaced = gone.flatMap((image) => ["--replace", urnOf(WORKING_TREE_STACK, image)]);
  await workspace.show(["up", ...UPDATE, ...replaced, "--stack", WORKING_TREE_STACK, "--config-file", file], folder);
  await recordBuilt(workspace, print);
}

/** An image in the state of its stack. */
const urnOf = (stack: string, image: string): string =>
  `urn:pulumi:${stack}::${RELEASE_PROJECT}::` +
  `ralex:image:ApplicationImages$docker-build:index:Image::ralex-${image}`;

/**
 * Builds the exported commit for the platforms, pushes it, and records the release.
 * @param anew - names of images that are built even if nothing changed.
 */
export async function updateRelease(
  { workspace, registry }: Machine,
  platforms: readonly string[],
  anew: readonly string[] = [],
): Promise<void> {
  await cancelStaleLock(workspace, RELEASE_PROJECT, RELEASE_STACK);
  const config = {
    "ralex-images:registry": registry,
    // Relative to the program, so that it is the same in every clone.
    "ralex-images:context": path.join("../..", EXPORT_FOLDER),
    "ralex-images:platforms": [...platforms],
  };
  const file = await prepareConfigFile(workspace, RELEASE_PROJECT, RELEASE_STACK, { config });
  const folder = path.join(workspace.checkout, "stacks/images");
  const replaced = anew.flatMap((image) => ["--replace", urnOf(RELEASE_STACK, image)]);
  await workspace.show(["up", ...UPDATE, ...replaced, "--stack", RELEASE_STACK, "--config-file", file], folder);
}

/** Brings an environment to what its file says. */
export async function updateStack(
  machine: Machine,
  stack: string,
  content: StackFile,
  options: readonly string[] = [],
): Promise<void> {
  const { workspace } = machine;
  const settings = settingsOf(workspace.checkout, content);
  const target = await openTarget(workspace, settings.target);
  await cancelStaleLock(workspace, PROJECT, stack);
  await target.sweep(stack);
  if (settings.running) await target.preflight(stack, settings);
  await forgetCommands(workspace, PROJECT, stack);
  const file = await prepareConfigFile(workspace, PROJECT, stack, content);
  const isDamaged = !options.includes(REFRESH) && (await target.isDamaged(stack));
  if (isDamaged) console.error(`something of ${stack} is gone or stopped: every resource is looked at first`);
  const refresh = isDamaged ? [REFRESH] : [];
  await workspace.show(["up", ...UPDATE, "--stack", stack, "--config-file", file, ...refresh, ...options]);
}
