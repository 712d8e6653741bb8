/** The updates behind the commands: of the release project, and of an environment. */
import * as path from "node:path";
import { RELEASE_PROJECT, RELEASE_STACK, WORKING_TREE_STACK } from "../components/image/releases";
import { EXPORT_FOLDER } from "./build/export";
import { fingerprint, goneImages, isBuilt, recordBuilt } from "./build/working-tree";
import { openRegistry } from "./builder";
import type { Settings } from "../components/settings/schema";
import type { Recorded } from "./backend/checkpoint";
import type { Machine } from "./machine";
import { cancelStaleLock, forgetCommands } from "./recovery";
import { commitOf, type SourceContext } from "./source/context";
import { PROJECT } from "./project";
import { ineffectiveVariables, settingsOf } from "./settings";
import { prepareConfigFile, type StackFile } from "./stack-config";
import { requireOwnState } from "./state-writers";
import { openTarget } from "./targets";
import type { Target } from "./targets/target";

const UPDATE = ["--yes", "--skip-preview", "--suppress-outputs"] as const;
/** Looks at every resource before the update, and so puts right what was changed by hand; about a second. */
export const REFRESH = "--refresh";

/** Builds what changed of Ralex's own images, or of a foreign Ralex's, and records the release. */
export async function updateImages(
  { workspace, registry, engineBuilds }: Machine,
  source?: SourceContext,
): Promise<void> {
  await cancelStaleLock(workspace, RELEASE_PROJECT, WORKING_TREE_STACK);
  await requireOwnState(workspace, RELEASE_PROJECT, WORKING_TREE_STACK);
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
  await requireOwnState(workspace, RELEASE_PROJECT, RELEASE_STACK);
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

/** An update of an environment that is about to be made. */
export interface NextUpdate {
  /** Its Pulumi does not see the variables that have no effect on the stack. */
  readonly machine: Machine;
  readonly stack: string;
  readonly settings: Settings;
  readonly target: Target;
  /** For `--config-file`: this command's alone, so that a preview and its update see the same. */
  readonly configFile: string;
  /** Whether something of the stack is gone or stopped, so that every resource has to be looked at first. */
  readonly isDamaged: boolean;
  /** The state that it starts from. */
  readonly resources: readonly Recorded[];
}

/**
 * Looks at what an update of an environment would meet, and changes nothing of it.
 * @throws Failure with everything that would make it fail half-way.
 */
export async function lookAhead(given: Machine, stack: string, content: StackFile): Promise<NextUpdate> {
  const { checkout } = given.workspace;
  const workspace = given.workspace.without(ineffectiveVariables(checkout, content));
  const machine = { ...given, workspace };
  const settings = settingsOf(checkout, stack, content);
  const target = await openTarget(workspace, settings.target);
  const resources = await requireOwnState(workspace, PROJECT, stack);
  if (settings.running) await target.preflight(stack, settings);
  const configFile = await prepareConfigFile(workspace, PROJECT, stack, content);
  const isDamaged = await target.isDamaged(stack);
  if (isDamaged) console.error(`something of ${stack} is gone or stopped: every resource is looked at first`);
  return { machine, stack, settings, target, configFile, isDamaged, resources };
}

/** Brings an environment to what its file says, without a plan: of a start and a stop. */
export async function updateStack(
  machine: Machine,
  stack: string,
  content: StackFile,
  options: readonly string[] = [],
): Promise<void> {
  const { workspace } = machine;
  const target = await openTarget(workspace, settingsOf(workspace.checkout, stack, content).target);
  await cancelStaleLock(workspace, PROJECT, stack);
  // Before a stack is made: of one that the backend does not know nothing must be there.
  await target.sweep(stack);
  const next = await lookAhead(machine, stack, content);
  await forgetCommands(workspace, PROJECT, stack);
  const refresh = next.isDamaged && !options.includes(REFRESH) ? [REFRESH] : [];
  const args = ["up", ...UPDATE, "--stack", stack, "--config-file", next.configFile, ...refresh, ...options];
  await explained(target, stack, next.machine.workspace.show(args));
}

/** Says on standard error what the platform knows about an update that failed. */
export async function explained<T>(target: Target, stack: string, update: Promise<T>): Promise<T> {
  try {
    return await update;
  } catch (error) {
    // The failure itself is what has to be told, whatever becomes of its explanation.
    for (const line of await target.explain(stack).catch(() => [])) console.error(line);
    throw error;
  }
}
