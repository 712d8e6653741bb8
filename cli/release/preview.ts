/** Shows what a deployment would change, and keeps its plan. */
import * as path from "node:path";
import type { Machine } from "../machine";
import { plannedCommit } from "../plan/commit";
import { planText, preview } from "../plan/engine";
import { keepPlan } from "../plan/record";
import { commandFolder } from "../stack-config";
import { pinnedUpdate, type UpdateOptions } from "./next-update";
import { pinnedFile } from "./pinned";

/**
 * Shows what a deployment would change, and changes nothing.
 * @param options - with the file to keep the plan in, for a deployment that is brought it.
 * @throws Failure when the release is refused, or a policy refuses the change.
 */
export async function previewDeployment(
  machine: Machine,
  stack: string,
  options: UpdateOptions & {
    readonly savePlan?: string | undefined;
    /** Runs the preview and shows it; {@link preview} by default. It throws where that fails. */
    readonly show?: typeof preview;
  },
): Promise<void> {
  const { savePlan, show = preview } = options;
  const pinned = pinnedFile(machine.workspace.checkout, stack);
  // Told before the preview, which takes a while.
  const commit = savePlan === undefined ? "" : await plannedCommit(machine.workspace.checkout);
  const { run, basis } = await pinnedUpdate(machine, stack, pinned, options);
  if (savePlan === undefined) return show(run);
  const madeAt = new Date().toISOString();
  const file = path.join(commandFolder(run.workspace), "plan.json");
  await show(run, file);
  keepPlan(savePlan, { ...basis, commit, madeAt, plan: planText(file) });
}
