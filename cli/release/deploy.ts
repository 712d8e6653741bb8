/** Brings an environment to its pinned release, lets it verify itself, and publishes what was verified. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ralex } from "../../components/command-line";
import { isRelease } from "../../components/image/ledger";
import { refusalOf, type Pin, type StackReader } from "../../components/image/pin-check";
import { barrierRefusal } from "../../components/image/rollback";
import type { Settings } from "../../components/settings/schema";
import { requireYes } from "../confirm";
import { EXIT, Failure } from "../failure";
import type { Machine } from "../machine";
import { settingsOf } from "../settings";
import { resourcesOf } from "../local-backend";
import { plannedCommit } from "../plan/commit";
import { applyPlan, applyStrictly, planText, preview, type EngineRun } from "../plan/engine";
import {
  basisDifferences,
  configurationOf,
  keepPlan,
  planAgain,
  planDifferences,
  refused,
  type Basis,
  type PlanRecord,
} from "../plan/record";
import { stateFingerprint } from "../plan/state";
import { cancelStaleLock, forgetCommands } from "../recovery";
import { commandFolder, committedFile, withRunning, type StackFile } from "../stack-config";
import { PROJECT } from "../project";
import { clearLeftovers, lookAhead, type NextUpdate } from "../update";
import { publish } from "./publish";
import { stackReader } from "./stacks";

export interface Pinned {
  readonly file: StackFile;
  readonly settings: Settings;
  readonly pin: Pin;
}

/** @throws Failure when nothing is pinned. */
export function pinnedFile(checkout: string, stack: string): Pinned {
  const file = committedFile(checkout, stack);
  const settings = settingsOf(checkout, stack, file);
  if (settings.release === undefined) {
    const from = settings.promotesFrom ?? "build";
    throw new Failure(`no release is pinned for ${stack}: run ${ralex("promote", from, stack)}`, EXIT.refused);
  }
  return { file, settings, pin: settings.release };
}

/** @throws Failure with every reason why the release may not run there. */
async function requireVerified(read: StackReader, stack: string, { pin, settings }: Pinned): Promise<void> {
  const refusal = await refusalOf(pin, stack, settings.promotesFrom, read);
  if (refusal !== undefined) throw new Failure(refusal, EXIT.refused);
}

/** @throws Failure when a database migration that is a barrier lies between the pin and what was verified last. */
async function requireSchema(read: StackReader, stack: string, pin: Pin): Promise<void> {
  const ledger = (await read.ledger(stack)) ?? [];
  const [newest] = ledger;
  if (newest === undefined || isRelease(newest, pin)) return;
  const own = ledger.find((entry) => isRelease(entry, pin));
  const next = own ?? (await read.releases())?.find(({ id }) => id === pin.id);
  const refusal = next === undefined ? undefined : barrierRefusal(newest.id, newest.schema, next);
  if (refusal !== undefined) throw new Failure(refusal, EXIT.refused);
}

/** @throws Failure when another command pinned something else meanwhile: what was shown is what is deployed, or nothing. */
function requirePin({ pin: present }: Pinned, stack: string, pin: Pin): void {
  if (isRelease(present, pin)) return;
  const message = `${pin.id} was to be deployed, and meanwhile Pulumi.${stack}.yaml pins ${present.id}: nothing was deployed`;
  throw new Failure(`${message}; run ${ralex("deploy", "-s", stack)} for that one`, EXIT.refused);
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

/** Of the option `--database-restored`. */
export const DATABASE_RESTORED =
  "go back across a migration that is a barrier: the database is a backup's from before it";

export interface DeployOptions {
  /** Whether to ask before anything changes: for what a preview has shown, or for the plan that is brought. */
  readonly ask: boolean;
  /** What the caller has pinned; another pin in the file is refused. */
  readonly pin?: Pin;
  /** The database is a backup's from before every migration that is a barrier. */
  readonly isRestored?: boolean | undefined;
  /** Folders of policy packs, from {@link policyPacks}. */
  readonly policyPacks: readonly string[];
  /** What `./ralex preview --save-plan` has kept: this is applied, or nothing. */
  readonly plan?: { readonly file: string; readonly record: PlanRecord } | undefined;
}

/** What an update of an environment to its pinned release would meet, once everything allows it. */
async function nextUpdate(
  machine: Machine,
  stack: string,
  pinned: Pinned,
  isRestored?: boolean,
): Promise<{ readonly next: NextUpdate; readonly content: StackFile }> {
  const read = stackReader(machine.workspace);
  await requireVerified(read, stack, pinned);
  if (isRestored !== true) await requireSchema(read, stack, pinned.pin);
  const content = withRunning(pinned.file, true);
  return { next: await lookAhead(machine, stack, content), content };
}

const basisOf = (next: NextUpdate, content: StackFile, pin: Pin, policyPacks: readonly string[]): Basis => ({
  stack: next.stack,
  release: { id: pin.id, images: { ...pin.images } },
  ...configurationOf(content, next.settings),
  state: stateFingerprint(next.resources),
  refresh: next.isDamaged,
  policyPacks: [...policyPacks],
});

const runOf = (
  { machine: { workspace }, stack, configFile, isDamaged: refresh }: NextUpdate,
  policyPacks: readonly string[],
): EngineRun => ({ workspace, stack, configFile, refresh, policyPacks });

/**
 * Shows what a deployment would change, and changes nothing.
 * @param savePlan - file to keep the plan in, for {@link deploy}.
 * @throws Failure when the release is refused, or a policy refuses the change.
 */
export async function previewDeployment(
  machine: Machine,
  stack: string,
  { policyPacks, savePlan }: { readonly policyPacks: readonly string[]; readonly savePlan?: string | undefined },
): Promise<void> {
  const pinned = pinnedFile(machine.workspace.checkout, stack);
  // Told before the preview, which takes a while.
  const commit = savePlan === undefined ? "" : await plannedCommit(machine.workspace.checkout);
  const { next, content } = await nextUpdate(machine, stack, pinned);
  const basis = basisOf(next, content, pinned.pin, policyPacks);
  if (savePlan === undefined) return preview(runOf(next, policyPacks));
  const madeAt = new Date().toISOString();
  const file = path.join(commandFolder(machine.workspace), "plan.json");
  await preview(runOf(next, policyPacks), file);
  keepPlan(savePlan, { ...basis, commit, madeAt, plan: planText(file) });
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
  await cancelStaleLock(workspace, PROJECT, stack);
  const { next, content } = await nextUpdate(machine, stack, pinned, options.isRestored);
  const basis = basisOf(next, content, pinned.pin, options.policyPacks);
  const run = runOf(next, options.policyPacks);
  const file = await agreedPlan(run, pinned.pin, basis, options);
  await clearLeftovers(workspace, next.target, stack);
  if (file !== undefined) await requireUnmoved(next, basis, options.plan?.file);
  await forgetCommands(workspace, PROJECT, stack);
  const again =
    options.plan === undefined
      ? `${ralex("deploy", "-s", stack)} tries it again`
      : `${planAgain(options.plan.file, stack)} plans it again`;
  await withAdvice(
    file === undefined ? applyStrictly(run) : applyPlan(run, file),
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
async function agreedPlan(run: EngineRun, pin: Pin, basis: Basis, options: DeployOptions): Promise<string | undefined> {
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
async function requireUnmoved(next: NextUpdate, basis: Basis, file: string | undefined): Promise<void> {
  const { machine, stack, target } = next;
  const resources = (await resourcesOf(machine.workspace, PROJECT, stack)) ?? [];
  const now = { ...basis, state: stateFingerprint(resources), refresh: await target.isDamaged(stack) };
  const reasons = basisDifferences(basis, now);
  if (reasons.length > 0) throw refused(file, stack, reasons);
}
