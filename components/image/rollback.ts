/** Which release a rollback goes to, and why it may not. A pure decision. */
import { isRelease, type LedgerEntry } from "./ledger";
import type { Pin } from "./pin-check";
import type { ReleaseRecord } from "./releases";

export interface RollbackQuestion {
  readonly stack: string;
  /** The environment's own ledger, newest first. */
  readonly ledger: readonly LedgerEntry[];
  /** What is pinned now. */
  readonly pin: Pin;
  /** Whether a deployment of the pin has begun: a container was made of it. */
  readonly isStarted: boolean;
  /** Database schema of a pin that the ledger does not have; undefined when nothing says it. */
  readonly schema: ReleaseRecord["schema"] | undefined;
  /** Id of the release to go to; without it the one before the present one. */
  readonly to?: string | undefined;
  /** The database is a backup's from before every barrier. */
  readonly isRestored?: boolean | undefined;
}

export interface RollbackAnswer {
  readonly target?: LedgerEntry;
  readonly refusals: readonly string[];
}

/**
 * Which release comes before the present one.
 *
 * - What is pinned and was never started is not left: what runs is, the newest entry.
 * - A pin that is an older entry is a rollback that did not come to its end: it goes on.
 * - A release that was deployed and never verified is no place to go back to, nor does it hide the ones before it.
 * - A release that was left by an earlier rollback is not gone back to, unless it is asked for by name.
 *
 * A migration that is marked as a barrier removes what the earlier release needs: nothing goes back across it.
 */
export function rollbackTarget(question: RollbackQuestion): RollbackAnswer {
  const { ledger, pin, isStarted, to, stack } = question;
  const [newest] = ledger;
  const pinned = ledger.find((entry) => isRelease(entry, pin));
  const isUnfinished = pinned !== undefined && newest !== undefined && !isRelease(newest, pin);
  const present: Pin = newest !== undefined && (isUnfinished || !isStarted) ? newest : pin;
  const target =
    to === undefined ? (isUnfinished ? pinned : before(ledger, present)) : ledger.find(({ id }) => id === to);
  if (target === undefined) return { refusals: [nothingToGoTo(question, present)] };
  if (isRelease(target, present) && isRelease(target, pin)) {
    return { refusals: [`release ${target.id} is the one that ${stack} has pinned and runs`] };
  }
  const applied = ledger.find((entry) => isRelease(entry, present))?.schema ?? question.schema;
  const crossed = question.isRestored === true ? undefined : barrierRefusal(present.id, applied, target);
  return { target, refusals: crossed === undefined ? [] : [crossed] };
}

/** Behind the oldest entry of the present release: what stands between its entries was tried and left again. */
function before(ledger: readonly LedgerEntry[], present: Pin): LedgerEntry | undefined {
  const oldest = ledger.reduce((last, entry, index) => (isRelease(entry, present) ? index : last), -1);
  return ledger[oldest + 1];
}

function nothingToGoTo({ ledger, to, stack }: RollbackQuestion, present: Pin): string {
  const others = [...new Set(ledger.filter((entry) => !isRelease(entry, present)).map(({ id }) => id))];
  const known = others.join(", ") || "none";
  if (to !== undefined) return `release ${to} was never verified in ${stack}; those that were: ${known}`;
  const left = others.length === 0 ? "" : `; left by a rollback, and to be had with --to: ${known}`;
  return `the ledger of ${stack} has no release before ${present.id}${left}`;
}

/**
 * Why a database does not fit an earlier release; undefined when it does, or when nothing tells its schema.
 * @param present - id of the release that the database is of
 */
export function barrierRefusal(
  present: string,
  applied: ReleaseRecord["schema"] | undefined,
  target: Pick<LedgerEntry, "id" | "schema">,
): string | undefined {
  const crossed = (applied?.barriers ?? []).filter((version) => version > target.schema.version);
  if (crossed.length === 0) return undefined;
  return (
    `database migration ${crossed.join(", ")}, which release ${present} has applied, is marked as a barrier, and ` +
    `release ${target.id} knows the schema up to ${target.schema.version} only: it would not work on this database. ` +
    "Go forward with a repaired release; or restore a backup from before the migration, and say --database-restored"
  );
}
