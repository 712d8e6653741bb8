/** Brings an environment to its pinned release, lets it verify itself, and publishes what was verified. */
import { ralex } from "../../components/command-line";
import { isRelease } from "../../components/image/ledger";
import { refusalOf, type Pin, type StackReader } from "../../components/image/pin-check";
import { barrierRefusal } from "../../components/image/rollback";
import type { Settings } from "../../components/settings/schema";
import { requireYes } from "../confirm";
import { EXIT, Failure } from "../failure";
import type { Machine } from "../machine";
import { settingsOf } from "../settings";
import { committedFile, prepareConfigFile, withRunning, type StackFile } from "../stack-config";
import { PROJECT } from "../project";
import { openTarget } from "../targets";
import { updateStack } from "../update";
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
  /** Whether to show a preview and to ask before anything changes. */
  readonly ask: boolean;
  /** What the caller has pinned; another pin in the file is refused. */
  readonly pin?: Pin;
  /** The database is a backup's from before every migration that is a barrier. */
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
  await requireVerified(read, stack, pinned);
  if (options.isRestored !== true) await requireSchema(read, stack, pinned.pin);
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
