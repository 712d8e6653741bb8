import type { TargetName } from "../../components/settings/targets";
import type { Workspace } from "../workspace";
import type { Target } from "./target";

/** What every `cli/targets/<target>/index.ts` has. */
interface TargetModule {
  /** Connects to nothing yet. */
  open(workspace: Workspace): Target;
}

/** What the commands know of the platform that a stack runs on. */
export async function openTarget(workspace: Workspace, target: TargetName): Promise<Target> {
  const { open } = (await import(`./${target}/index`)) as TargetModule;
  return open(workspace);
}
