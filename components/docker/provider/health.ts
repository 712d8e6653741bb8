/** Waiting for a container's health by its own check, asked often; the engine asks the same rarely. */
import { setTimeout as sleep } from "node:timers/promises";
import { exec, inspected, lastLines, logOf, type Said } from "./engine";

export interface Awaited {
  readonly container: string;
  /** A command in the container whose exit code 0 says that it is healthy. */
  readonly check: readonly string[];
  /** How long one check may take. */
  readonly checkSeconds: number;
  readonly waitSeconds: number;
}

/** Bounds of the pause between two checks in milliseconds; a check that takes long is asked less often. */
const PAUSE_MS = { least: 200, most: 1000 } as const;
/** A program that ended so often while it was waited for will not come up. */
const ENDINGS = 3;

/** @throws Error with what the container said, when it is not healthy in time, or ends again and again. */
export async function untilHealthy({ container, check, checkSeconds, waitSeconds }: Awaited, signal: AbortSignal) {
  const deadline = Date.now() + waitSeconds * 1000;
  let endings: number | undefined;
  for (;;) {
    const began = Date.now();
    const found = await inspected(container);
    if (found === undefined) throw new Error(`${container} is gone while its health is waited for`);
    const { State, RestartCount } = found;
    if (State.Running && State.Health?.Status === "healthy") return;
    endings ??= RestartCount;
    const said = State.Running && !State.Restarting ? await asked(container, check, checkSeconds) : undefined;
    if (said?.exitCode === 0) return;
    if (signal.aborted) throw new Error(`interrupted while waiting until ${container} is healthy`);
    if (RestartCount - endings >= ENDINGS) {
      throw await failure(container, `ends again and again (exit code ${State.ExitCode})`, said);
    }
    if (Date.now() > deadline) throw await failure(container, `was not healthy within ${waitSeconds} s`, said);
    await sleep(Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, 2 * (Date.now() - began))));
  }
}

/** What a check said; undefined where the container could not be asked, or did not answer in time. */
function asked(container: string, check: readonly string[], seconds: number): Promise<Said | undefined> {
  const late = sleep(seconds * 1000, undefined, { ref: false });
  return Promise.race([exec(container, check).catch(() => undefined), late]);
}

async function failure(container: string, what: string, said: Said | undefined): Promise<Error> {
  const text = `${said?.stderr ?? ""}${said?.stdout ?? ""}`.trim();
  const log = await logOf(container).catch(() => undefined);
  return new Error(
    `${container} ${what}${text === "" ? "" : `; its check said: ${text.slice(-1000)}`}` +
      (log === undefined ? "" : `; of its log ${lastLines(log)}`),
  );
}
