/** Brings an environment to its pinned release, lets it verify itself, and publishes what was verified. */
import { ralex } from "../../components/command-line";
import { isRelease } from "../../components/image/ledger";
import { takesSubstitutes } from "../../components/image/lock";
import { judgePin, type Pin, type StackReader } from "../../components/image/pin-check";
import { dataRefusals } from "../../components/image/rollback";
import type { Settings } from "../../components/settings/schema";
import { requireYes } from "../confirm";
import { EXIT, Failure } from "../failure";
import type { Machine } from "../machine";
import { settingsOf } from "../settings";
import { committedFile, prepareConfigFile, withRunning, type StackFile } from "../stack-config";
import { PROJECT } from "../project";
import { openTarget } from "../targets";
import { updateStack } from "../update";
import type { Workspace } from "../workspace";
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
  const settings = settingsOf(checkout, file);
  if (settings.release === undefined) {
    const from = settings.promotesFrom ?? "build";
    throw new Failure(`no release is pinned for ${stack}: run ${ralex("promote", from, stack)}`, EXIT.refused);
  }
  return { file, settings, pin: settings.release };
}

/** @throws Failure with every reason why the release may not run there. */
async function requireVerified(
  { checkout, environment }: Workspace,
  read: StackReader,
  stack: string,
  { pin, settings }: Pinned,
): Promise<void> {
  const place = {
    environment: stack,
    promotesFrom: settings.promotesFrom,
    takesSubstitutes: takesSubstitutes(checkout, environment),
  };
  const { refusal } = await judgePin(pin, place, read);
  if (refusal !== undefined) throw new Failure(refusal, EXIT.refused);
}

/** @throws Failure when the pin does not read what the release that was verified last has written. */
async function requireReadable(read: StackReader, stack: string, pin: Pin): Promise<void> {
  const ledger = (await read.ledger(stack)) ?? [];
  const [newest] = ledger;
  if (newest === undefined || isRelease(newest, pin)) return;
  const own = ledger.find((entry) => isRelease(entry, pin));
  const next = own ?? (await read.releases())?.find(({ id }) => id === pin.id);
  const refusals = next === undefined ? [] : dataRefusals(newest, next, ledger);
  if (refusals.length > 0) throw new Failure(refusals.join("\n"), EXIT.refused);
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
  "go back to a release that does not read what this one has written: the data are a backup's from before";

export interface DeployOptions {
  /** Whether to show a preview and to ask before anything changes. */
  readonly ask: boolean;
  /** What the caller has pinned; another pin in the file is refused. */
  readonly pin?: Pin;
  /** The data are a backup's, from before what the release to be deployed does not read. */
  readonly isRestored?: boolean | undefined;
}

/**
 * @param machine - with everything that a start needs.
 * @throws Failure when the release is refused, the update or a check fails, or the answer is no.
 */
export async function deploy(machine: Machine, stack: string, options: DeployOptions): Promise<void> {
  const { workspace } = machine;
  const { checkout } = workspace;
  const pinned = pinnedFile(checkout, stack);
  const { id } = pinned.pin;
  if (options.pin !== undefined) requirePin(pinned, stack, options.pin);
  const read = stackReader(workspace);
  await requireVerified(workspace, read, stack, pinned);
  if (options.isRestored !== true) await requireReadable(read, stack, pinned.pin);
  const target = await openTarget(workspace, pinned.settings.target);
  await target.preflight(stack, pinned.settings);
  const content = withRunning(pinned.file, true);
  if (options.ask) {
    const file = await prepareConfigFile(workspace, PROJECT, stack, content);
    await workspace.show(["preview", "--suppress-outputs", "--stack", stack, "--config-file", file]);
    await requireYes(`Bring ${stack} to release ${id}?`, `nothing was deployed; Pulumi.${stack}.yaml pins ${id}`);
    requirePin(pinnedFile(checkout, stack), stack, pinned.pin);
  }
  await withAdvice(
    updateStack(machine, stack, content),
    `${stack} has ${id} pinned: ${ralex("deploy", "-s", stack)} tries it again, ${ralex("rollback", "-s", stack)} goes back`,
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
