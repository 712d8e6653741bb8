import type { Application } from "../../components/app/model";
import type { Placement } from "../../components/app/placement";
import { describeRalex, type Available } from "../../components/app/ralex";
import type { Settings } from "../../components/settings/schema";
import type { TargetName } from "../../components/settings/targets";
import type { Workspace } from "../workspace";
import type { Target } from "./target";

/** What every `cli/targets/<target>/index.ts` has. */
interface TargetModule {
  /** Connects to nothing yet. */
  open(workspace: Workspace): Target;
  /** What the description of Ralex has to know of the platform. */
  placement(settings: Settings): Placement;
}

const moduleOf = (target: TargetName) => import(`./${target}/index`) as Promise<TargetModule>;

/** What the commands know of the platform that a stack runs on. */
export async function openTarget(workspace: Workspace, target: TargetName): Promise<Target> {
  return (await moduleOf(target)).open(workspace);
}

/** What the target of the settings says of itself. */
export const placementFor = async (settings: Settings): Promise<Placement> =>
  (await moduleOf(settings.target)).placement(settings);

/** Ralex as it is described for the target of the settings. */
export const describedFor = async (settings: Settings, available: Available): Promise<Application> =>
  describeRalex(settings, await placementFor(settings), available);
