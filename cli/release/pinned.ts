/** The release that an environment's file pins, and what has to allow it before it is deployed. */
import { ralex } from "../../components/command-line";
import { isRelease } from "../../components/image/ledger";
import { refusalOf, type Pin, type StackReader } from "../../components/image/pin-check";
import { barrierRefusal } from "../../components/image/rollback";
import type { Settings } from "../../components/settings/schema";
import { EXIT, Failure } from "../failure";
import { settingsOf } from "../settings";
import { committedFile, type StackFile } from "../stack-config";

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
export async function requireVerified(read: StackReader, stack: string, { pin, settings }: Pinned): Promise<void> {
  const refusal = await refusalOf(pin, stack, settings.promotesFrom, read);
  if (refusal !== undefined) throw new Failure(refusal, EXIT.refused);
}

/** @throws Failure when a database migration that is a barrier lies between the pin and what was verified last. */
export async function requireSchema(read: StackReader, stack: string, pin: Pin): Promise<void> {
  const ledger = (await read.ledger(stack)) ?? [];
  const [newest] = ledger;
  if (newest === undefined || isRelease(newest, pin)) return;
  const own = ledger.find((entry) => isRelease(entry, pin));
  const next = own ?? (await read.releases())?.find(({ id }) => id === pin.id);
  const refusal = next === undefined ? undefined : barrierRefusal(newest.id, newest.schema, next);
  if (refusal !== undefined) throw new Failure(refusal, EXIT.refused);
}

/** @throws Failure when another command pinned something else meanwhile: what was shown is what is deployed, or nothing. */
export function requirePin({ pin: present }: Pinned, stack: string, pin: Pin): void {
  if (isRelease(present, pin)) return;
  const message = `${pin.id} was to be deployed, and meanwhile Pulumi.${stack}.yaml pins ${present.id}: nothing was deployed`;
  throw new Failure(`${message}; run ${ralex("deploy", "-s", stack)} for that one`, EXIT.refused);
}

/** Of the option `--database-restored`. */
export const DATABASE_RESTORED =
  "go back across a migration that is a barrier: the database is a backup's from before it";
