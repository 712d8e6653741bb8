/** Which release a rollback goes to, and why it may not. A pure decision. */
import { isRelease, type LedgerEntry, type Named } from "./ledger";
import type { Pin } from "./pin-check";
import type { ReleaseImages, ReleaseRecord } from "./releases";

/** What a release does to data: the schema of Ralex's own database, and the images that keep some. */
export type Written = Pick<ReleaseRecord, "id" | "createdAt" | "schema" | "images">;

export interface RollbackQuestion {
  readonly stack: string;
  /** The environment's own ledger, newest first. */
  readonly ledger: readonly LedgerEntry[];
  /** What is pinned now. */
  readonly pin: Pin;
  /** Whether a deployment of the pin has begun: a container was made of it. */
  readonly isStarted: boolean;
  /** What was built as a pin that the ledger does not have; undefined when nothing says it. */
  readonly built: Written | undefined;
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
  const { ledger, pin, to, stack } = question;
  const present = presentRelease(question);
  const target =
    to === undefined ? (unfinishedRollback(question) ?? before(ledger, present)) : ledger.find(({ id }) => id === to);
  if (target === undefined) return { refusals: [nothingToGoTo(question, present)] };
  if (isRelease(target, present) && isRelease(target, pin)) {
    return { refusals: [`release ${target.id} is the one that ${stack} has pinned and runs`] };
  }
  const written = ledger.find((entry) => isRelease(entry, present)) ?? question.built;
  const isAsked = question.isRestored !== true && written !== undefined;
  return { target, refusals: isAsked ? dataRefusals(written, target, ledger) : [] };
}

/** The older entry that is pinned, where a rollback to it did not come to its end. */
function unfinishedRollback({ ledger, pin }: RollbackQuestion): LedgerEntry | undefined {
  const [newest] = ledger;
  if (newest === undefined || isRelease(newest, pin)) return undefined;
  return ledger.find((entry) => isRelease(entry, pin));
}

/** What is to be left: the pin, or what was verified last where the pin has not taken its place. */
function presentRelease(question: RollbackQuestion): Named {
  const { ledger, pin, isStarted } = question;
  const isPinLeft = isStarted && unfinishedRollback(question) === undefined;
  return isPinLeft ? pin : (ledger[0] ?? pin);
}

/** Behind the oldest entry of the present release: what stands between its entries was tried and left again. */
function before(ledger: readonly LedgerEntry[], present: Named): LedgerEntry | undefined {
  const oldest = ledger.reduce((last, entry, index) => (isRelease(entry, present) ? index : last), -1);
  return ledger[oldest + 1];
}

function nothingToGoTo({ ledger, to, stack }: RollbackQuestion, present: Named): string {
  const others = [...new Set(ledger.filter((entry) => !isRelease(entry, present)).map(({ id }) => id))];
  const known = others.join(", ") || "none";
  if (to !== undefined) return `release ${to} was never verified in ${stack}; those that were: ${known}`;
  const left = others.length === 0 ? "" : `; left by a rollback, and to be had with --to: ${known}`;
  return `the ledger of ${stack} has no release before ${present.id}${left}`;
}

const REMEDY = "Go forward with a repaired release; or restore a backup from before, and say --database-restored";

/**
 * Why the data of the present release does not fit an older one; empty when it does, or when the other is no older one.
 * @param ledger - the environment's own.
 */
export const dataRefusals = (present: Written, target: Written, ledger: readonly LedgerEntry[]): readonly string[] => [
  ...barrierRefusals(present, target),
  ...versionRefusals(present, target, ledger),
];

function barrierRefusals(present: Written, target: Written): readonly string[] {
  const crossed = present.schema.barriers.filter((version) => version > target.schema.version);
  if (crossed.length === 0) return [];
  return [
    `database migration ${crossed.join(", ")}, which release ${present.id} has applied, is marked as a barrier, and ` +
      `release ${target.id} knows the schema up to ${target.schema.version} only: it would not work on this database. ` +
      REMEDY,
  ];
}

/**
 * An image reads what its own version and older ones wrote. Versions have no order of their own: older is what was built
 * before, or was here before. Of an image that does not say its version, nothing is known.
 */
function versionRefusals(present: Written, target: Written, ledger: readonly LedgerEntry[]): readonly string[] {
  const isOlder = target.createdAt < present.createdAt;
  const wasHere = (name: string, version: string | undefined) =>
    version !== undefined && ledger.some(({ images }) => images[name]?.thirdParty?.dataVersion === version);
  return Object.entries(target.images).flatMap(([name, image]) => {
    const other = present.images[name];
    if (other === undefined || other.ref === image.ref) return [];
    const [written, read] = [other.thirdParty?.dataVersion, image.thirdParty?.dataVersion];
    if (written === read || !(isOlder || wasHere(name, read))) return [];
    const [is, was] = [describe(other, written), describe(image, read)];
    return [
      `${name} has written its data as ${is}, and release ${target.id} has it as ${was}: it may not read them. ${REMEDY}`,
    ];
  });
}

const describe = ({ thirdParty }: ReleaseImages[string], version: string | undefined): string =>
  `${version ?? "an unknown version"} (${thirdParty?.tag ?? "built by Ralex"})`;
