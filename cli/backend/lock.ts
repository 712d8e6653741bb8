/** The lock of a stack: whose it is, how old, and whether its owner lives. */
import * as fs from "node:fs";
import * as os from "node:os";
import { z } from "zod";
import type { StackId } from "./backend";

const OWNER = z.looseObject({
  pid: z.number().int(),
  hostname: z.string(),
  username: z.string().default("somebody"),
  timestamp: z.string().optional(),
});

export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** When it took the lock; undefined where the lock does not say. */
  readonly since?: Date;
}

export interface Lock extends StackId {
  /** What tells it from other locks. */
  readonly id: string;
  /** Undefined for a lock whose owner died while writing it. */
  readonly owner?: LockOwner;
}

/** Where Pulumi keeps locks; below are organization, project and stack. */
export const LOCKS = "locks/organization/";

/** The stack and id in a lock's key; undefined for what is no lock. */
export function lockAt(key: string): (StackId & { readonly id: string }) | undefined {
  const [, project, stack, id] = /^locks\/organization\/([^/]+)\/([^/]+)\/([^/]+)\.json$/.exec(key) ?? [];
  return project === undefined || stack === undefined || id === undefined ? undefined : { project, stack, id };
}

export const keyOfLock = ({ project, stack, id }: Lock): string => `${LOCKS}${project}/${stack}/${id}.json`;

/** The owner that a lock's text names; undefined where the text is not whole. */
export function ownerIn(text: string): LockOwner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = OWNER.safeParse(value);
  if (data === undefined) return undefined;
  const since = new Date(data.timestamp ?? Number.NaN);
  const known = Number.isNaN(since.getTime()) ? {} : { since };
  return { pid: data.pid, host: data.hostname, user: data.username, ...known };
}

/** Smallest unit in which an age is told, and how many of it make the next one. */
const UNITS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", Number.POSITIVE_INFINITY],
] as const;

/** A span of time in its largest unit, as people say it. @param ms - milliseconds; a clock that is ahead counts as none. */
export function shownAge(ms: number): string {
  let amount = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, next] of UNITS) {
    if (amount < next) return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
    amount = Math.floor(amount / next);
  }
  return "";
}

/** Whose a lock is and since when, for messages. */
export function shownOwner({ owner }: Lock, now = Date.now()): string {
  if (owner === undefined) return "its owner died while writing it";
  const { user, host, pid, since } = owner;
  const age = since === undefined ? "" : `, for ${shownAge(now - since.getTime())}`;
  return `${user}@${host}, process ${pid}${age}`;
}

/** Whether a lock's owner was a process of this machine. */
export const isOfThisHost = ({ owner }: Lock): boolean => owner === undefined || owner.host === os.hostname();

/** How long a process that was told to end may take to be gone, in milliseconds. */
const DYING_MS = 3_000;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const stat = `/proc/${pid}/stat`;
  // A zombie has ended; only its parent has not asked yet. The state stands behind the name in parentheses.
  try {
    return !/\) Z /.test(fs.readFileSync(stat, "utf8"));
  } catch {
    // No Linux, or it ended this moment, which the next look tells.
    return true;
  }
}

/** Whether a process lives on; one that was just killed gets the time to be gone. */
async function isAlive(pid: number): Promise<boolean> {
  const end = Date.now() + DYING_MS;
  while (exists(pid)) {
    if (Date.now() > end) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Whether the owner is known to be dead; of another machine's nobody here knows. */
export const isDead = async (lock: Lock): Promise<boolean> =>
  lock.owner === undefined || (isOfThisHost(lock) && !(await isAlive(lock.owner.pid)));
