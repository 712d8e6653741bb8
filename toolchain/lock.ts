/** Mutual exclusion between processes, by a lock folder beside the thing that is locked. */
import * as fs from "node:fs";
import * as path from "node:path";
import lockfile from "proper-lockfile";

/** A holder that has not shown a sign of life for this long is dead, and its lock is taken over. */
const STALE_MS = 20_000;
/** The longest build behind a lock takes a few minutes; waiting longer than this means something hangs. */
const LONGEST_WAIT_MS = 45 * 60_000;
const RETRY_MS = 250;

/**
 * Runs `work` while no other process holds the lock of `target`.
 * @throws Error when the lock was not free for 45 minutes, or was lost while `work` ran
 */
export async function withLock<T>(target: string, work: () => Promise<T>): Promise<T> {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  let lost: Error | undefined;
  const release = await acquire(target, (error) => (lost = error));
  try {
    const result = await work();
    if (lost !== undefined) throw new Error(`another process took the lock of ${target} over: ${lost.message}`);
    return result;
  } finally {
    // Releasing what was lost fails, and says nothing that `lost` did not.
    await release().catch(() => undefined);
  }
}

async function acquire(target: string, onCompromised: (error: Error) => void): Promise<() => Promise<void>> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    try {
      return await lockfile.lock(target, { realpath: false, stale: STALE_MS, update: STALE_MS / 4, onCompromised });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      if (Date.now() > deadline) {
        throw new Error(`${target}.lock is held by another process for 45 minutes: stop that process, then try again`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
