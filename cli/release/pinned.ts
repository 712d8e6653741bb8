/** The release that an environment's file pins, and what has to allow it before it is deployed. */
import { ralex } from "../../components/command-line";
import { isRelease } from "../../components/image/ledger";
import { takesSubstitutes } from "../../components/image/lock";
import { judgePin, type Pin, type StackReader } from "../../components/image/pin-check";
import { dataRefusals } from "../../components/image/rollback";
import type { Settings } from "../../components/settings/schema";
import { EXIT, Failure } from "../failure";
import { settingsOf } from "../settings";
import { committedFile, type StackFile } from "../stack-config";
import type { Workspace } from "../workspace";

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
export async function requireVerified(
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
export async function requireReadable(read: StackReader, stack: string, pin: Pin): Promise<void> {
  const ledger = (await read.ledger(stack)) ?? [];
  const [newest] = ledger;
  if (newest === undefined || isRelease(newest, pin)) return;
  const own = ledger.find((entry) => isRelease(entry, pin));
  const next = own ?? (await read.releases())?.find(({ id }) => id === pin.id);
  const refusals = next === undefined ? [] : dataRefusals(newest, next, ledger);
  if (refusals.length > 0) throw new Failure(refusals.join("\n"), EXIT.refused);
}

/** @throws Failure when another command pinned something else meanwhile: what was shown is what is deployed, or nothing. */
export function requirePin({ pin: present }: Pinned, stack: string, pin: Pin): void {
  if (isRelease(present, pin)) return;
  const message = `${pin.id} was to be deployed, and meanwhile Pulumi.${stack}.yaml pins ${present.id}: nothing was deployed`;
  throw new Failure(`${message}; run ${ralex("deploy", "-s", stack)} for that one`, EXIT.refused);
}

/** Of the option `--database-restored`. */
export const DATABASE_RESTORED =
  "go back to a release that does not read what this one has written: the data are a backup's from before";
