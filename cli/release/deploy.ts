/** Brings an environment to its pinned release, lets it verify itself, and publishes what was verified. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ralex } from "../../components/command-line";
import type { Pin } from "../../components/image/pin-check";
import { requireYes } from "../confirm";
import { Failure } from "../failure";
import { resourcesOf } from "../backend/resources";
import type { Machine } from "../machine";
import { plannedCommit } from "../plan/commit";
import { applyPlan, applyStrictly, preview } from "../plan/engine";
import { basisDifferences, planAgain, planDifferences, refused, type PlanRecord } from "../plan/record";
import { stateFingerprint } from "../plan/state";
import { PROJECT } from "../project";
import { cancelStaleLock, forgetCommands } from "../recovery";
import { commandFolder } from "../stack-config";
import { explained } from "../update";
import { pinnedUpdate, type PinnedUpdate, type UpdateOptions } from "./next-update";
import { pinnedFile, requirePin } from "./pinned";
import { publish } from "./publish";

export interface DeployOptions extends UpdateOptions {
  /** Whether to ask before anything changes: for what a preview has shown, or for the plan that is brought. */
  readonly ask: boolean;
  /** What the caller has pinned; another pin in the file is refused. */
  readonly pin?: Pin;
  /** What `./ralex preview --save-plan` has kept: this is applied, or nothing. */
  readonly plan?: { readonly file: string; readonly record: PlanRecord } | undefined;
}

/** Adds to a failure what can be done then. */
async function withAdvice<T>(work: Promise<T>, advice: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) throw new Failure(`${error.message}\n  ${advice}`, error.exitCode);
    throw error;
  }
}

/**
 * @param machine - with everything that a start needs.
 * @throws Failure when the release is refused, the update or a check fails, or the answer is no.
 */
export async function deploy(machine: Machine, stack: string, options: DeployOptions): Promise<void> {
  const { workspace } = machine;
  const pinned = pinnedFile(workspace.checkout, stack);
  const { id } = pinned.pin;
  if (options.pin !== undefined) requirePin(pinned, stack, options.pin);
  // A command that works on it is told at once.
  await cancelStaleLock(workspace, PROJECT, stack);
  const next = await pinnedUpdate(machine, stack, pinned, options);
  const file = await agreedPlan(next, pinned.pin, options);
  await cancelStaleLock(workspace, PROJECT, stack);
  if (file !== undefined) await requireUnmoved(next, options.plan?.file);
  await next.target.sweep(stack);
  await forgetCommands(workspace, PROJECT, stack);
  const again =
    options.plan === undefined
      ? `${ralex("deploy", "-s", stack)} tries it again`
      : `${planAgain(options.plan.file, stack)} plans it again`;
  await withAdvice(
    explained(next.target, stack, file === undefined ? applyStrictly(next.run) : applyPlan(next.run, file)),
    `${stack} has ${id} pinned: ${again}, ${ralex("rollback", "-s", stack)} goes back`,
  );
  const { entry, added } = await withAdvice(
    publish(workspace, stack, pinned.pin),
    `${stack} runs ${id}, and its ledger does not have it yet: ${ralex("publish", "-s", stack)}`,
  );
  console.log(
    `${stack} runs release ${entry.id}; ${entry.checks.length} checks passed at ${entry.at}, ` +
      `${added ? "and its ledger has it now" : "which its ledger had already"}.`,
  );
}

/**
 * The file of the plan that is to be applied: the one that was brought, or of the preview that was shown just now, once
 * the answer was yes. None where nobody is asked: planning and applying are one run then.
 * @throws Failure when it does not fit what is there any more, or the answer is no.
 */
async function agreedPlan({ run, basis }: PinnedUpdate, pin: Pin, options: DeployOptions): Promise<string | undefined> {
  const { workspace, stack } = run;
  const declined = `nothing was deployed; Pulumi.${stack}.yaml pins ${pin.id}`;
  if (options.plan === undefined && !options.ask) return undefined;
  const file = path.join(commandFolder(workspace), "plan.json");
  if (options.plan !== undefined) {
    const { file: brought, record } = options.plan;
    const commit = await plannedCommit(workspace.checkout);
    const reasons = planDifferences(record, basis, commit, new Date());
    if (reasons.length > 0) throw refused(brought, stack, reasons);
    fs.writeFileSync(file, record.plan, { mode: 0o600 });
    if (options.ask) await requireYes(`Bring ${stack} to release ${pin.id}, as planned at ${record.madeAt}?`, declined);
    return file;
  }
  await preview(run, file);
  await requireYes(`Bring ${stack} to release ${pin.id}?`, declined);
  requirePin(pinnedFile(workspace.checkout, stack), stack, pin);
  return file;
}

/** @throws Failure where the state, or what there is of it, is not what the plan was made of. */
async function requireUnmoved(next: PinnedUpdate, file: string | undefined): Promise<void> {
  const { machine, stack, target, basis } = next;
  const resources = (await resourcesOf(machine.workspace, PROJECT, stack)) ?? [];
  const now = { ...basis, state: stateFingerprint(resources), refresh: await target.isDamaged(stack) };
  const reasons = basisDifferences(basis, now);
  if (reasons.length > 0) throw refused(file, stack, reasons);
}
