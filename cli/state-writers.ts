/** Whose plugins wrote a stack's state: stand-ins and official ones leave each other's alone. */
import { MARK, MARK_VALUE } from "../toolchain/pulumi/plugins/support/mark";
import { EXIT, Failure } from "./failure";
import type { Recorded } from "./backend/checkpoint";
import { resourcesOf } from "./backend/resources";
import type { Workspace } from "./workspace";

/**
 * Who wrote the resources of a state that plugins manage. Providers and stack references are the engine's own, and the
 * checkout's provider is the same everywhere; so is the official one of Kubernetes, for which nothing stands in.
 */
export interface Writers {
  readonly official: number;
  readonly standIns: number;
}

/** Why a state is not to be updated here. */
export interface Mismatch {
  readonly detail: string;
  readonly remedy: string;
}

export function writersOf(resources: readonly Pick<Recorded, "type" | "custom" | "outputs">[]): Writers {
  const managed = resources.filter(({ type, custom }) => custom === true && !/^(pulumi|ralex|kubernetes):/.test(type));
  const standIns = managed.filter(({ outputs }) => outputs?.[MARK] === MARK_VALUE).length;
  return { official: managed.length - standIns, standIns };
}

/** @param served - whether stand-ins serve this machine, or official plugins do. */
export function mismatchOf({ official, standIns }: Writers, served: boolean): Mismatch | undefined {
  if (served && official > 0) {
    return {
      detail: `${official} resources were written by official plugins, and stand-ins serve here: they leave such state alone`,
      remedy: "work on it where the official Pulumi CLI is installed, or use another stack here",
    };
  }
  if (!served && standIns > 0) {
    return {
      detail: `${standIns} resources were written by stand-in plugins, and official ones serve here: do not update it here`,
      remedy: "remove the stack where it was made (./ralex reset), or say RALEX_TOOLCHAIN=local there and here",
    };
  }
  return undefined;
}

/**
 * Reads a stack's state before an update, and looks who wrote it; where the backend is a folder, without Pulumi.
 * @throws Failure (exit code 2) where the plugins that serve here must not work on it; nothing was changed then.
 */
export async function requireOwnState(
  workspace: Workspace,
  project: string,
  stack: string,
): Promise<readonly Recorded[]> {
  const resources = (await resourcesOf(workspace, project, stack)) ?? [];
  const mismatch = mismatchOf(writersOf(resources), workspace.tools.standIns.length > 0);
  if (mismatch === undefined) return resources;
  throw new Failure(`${project}/${stack} was not touched: ${mismatch.detail}\n  ${mismatch.remedy}`, EXIT.refused);
}
