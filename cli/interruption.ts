/** What happens when a command is told to end while Pulumi works for it. */
import * as os from "node:os";
import { Failure } from "./failure";

export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";
const SIGNALS: readonly Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What a shell reports of a command that this signal ended. */
export const exitCodeOf = (signal: Signal): number => 128 + os.constants.signals[signal];

/** The command was told to end, and Pulumi has ended what it had begun. */
export class Interrupted extends Failure {
  constructor(readonly signal: Signal) {
    super("interrupted: Pulumi has ended; run the same command again to go on", exitCodeOf(signal));
  }
}

let received: Signal | undefined;
/** The Pulumis that work for this command now. */
const working = new Set<number>();

/** The signal that came while Pulumi worked, if one came; whatever was to follow is not begun. */
export const interruptedBy = (): Signal | undefined => received;

/**
 * Waits for Pulumi to end, however often this process is told to end meanwhile. Pulumi is told once: of a second signal
 * it would give up what it is in the middle of, and leave behind resources that are in no state. A terminal tells a whole
 * process group, and a runner of pipelines whom it likes, so Pulumi has a group of its own and hears of it here alone.
 * @param pulumi - a process that leads a process group of its own.
 * @param settle - puts right what it left behind; nothing interrupts that either.
 */
export async function outlive<T>(
  pulumi: Promise<T> & { readonly pid?: number | undefined },
  settle: (ended: T) => Promise<void>,
): Promise<T> {
  const { pid } = pulumi;
  // There is no such program, which the caller is told of.
  if (pid === undefined) return pulumi;
  if (working.size === 0) for (const signal of SIGNALS) process.on(signal, handle);
  working.add(pid);
  try {
    const ended = await pulumi;
    await settle(ended);
    return ended;
  } finally {
    working.delete(pid);
    if (working.size === 0) for (const signal of SIGNALS) process.off(signal, handle);
  }
}

function handle(signal: Signal): void {
  if (received !== undefined) {
    console.error(
      `interrupted again: still waiting for Pulumi (process ${[...working].join(", ")}). What kills it now leaves a lock ` +
        "and perhaps resources that the state does not know; the next command puts that right",
    );
    return;
  }
  received = signal;
  console.error("interrupted: waiting for Pulumi to finish what it has begun");
  for (const pid of working) tell(pid, "SIGINT");
}

/** Sends a signal to a process that may have ended this moment. */
function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
