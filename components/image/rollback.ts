/** Which release a rollback goes to, and why it may not. A pure decision. */
import { isRelease, type LedgerEntry } from "./ledger";
import type { Pin } from "./pin-check";
import type { ReleaseRecord } from "./releases";

export interface RollbackQuestion {
  readonly stack: string;
  /** The environment's own ledger, newest first. */
  readonly ledger: readonly LedgerEntry[];
  /** What is pinned now. */
  readonly present: Pin;
  /** Database schema of the present release; undefined when nothing says it. */
  readonly schema: ReleaseRecord["schema"] | undefined;
  /** Id of the release to go to; the one before the present one without it. */
  readonly to?: string | undefined;
}

export interface RollbackAnswer {
  readonly target?: LedgerEntry;
  readonly refusals: readonly string[];
}

/**
 * A release that was deployed and never verified is no place to go back to, nor does it hide the ones before it.
 * A migration that is marked as a barrier removes what the earlier release needs: nothing goes back across it.
 */
export function rollbackTarget({ ledger, present, schema, to, stack }: RollbackQuestion): RollbackAnswer {
  const earlier = ledger.filter((entry) => !isRelease(entry, present));
  const current = ledger.findIndex((entry) => isRelease(entry, present));
  // Of the entries that are older than the newest one of the present release.
  const before = ledger.slice(current + 1).find((entry) => !isRelease(entry, present));
  const target = to === undefined ? before : earlier.find(({ id }) => id === to);
  if (target === undefined) {
    const known = [...new Set(earlier.map(({ id }) => id))].join(", ") || "none";
    if (to === undefined) return { refusals: [`the ledger of ${stack} has no release before ${present.id}`] };
    if (to === present.id) return { refusals: [`release ${to} is the one that is pinned`] };
    return { refusals: [`release ${to} was never verified in ${stack}; those that were: ${known}`] };
  }
  const crossed = (schema?.barriers ?? []).filter((version) => version > target.schema.version);
  if (crossed.length === 0) return { target, refusals: [] };
  return {
    target,
    refusals: [
      `database migration ${crossed.join(", ")}, which release ${present.id} has applied, is marked as a barrier, and ` +
        `release ${target.id} knows the schema up to ${target.schema.version} only: it would not work on this ` +
        "database. Go forward with a repaired release, or restore a backup from before the migration",
    ],
  };
}
