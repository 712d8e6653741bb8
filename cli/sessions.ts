/** The processes that one has started, and they in turn, whatever became of it since. */
import * as fs from "node:fs";

/**
 * Processes of a session, without its leader. Linux only: elsewhere none is found, and Pulumi's plugins end by themselves
 * when they see that their engine is gone.
 */
function membersOf(session: number): readonly number[] {
  if (!fs.existsSync("/proc/self/stat")) return [];
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== session && sessionOf(pid) === session);
}

function sessionOf(pid: number): number | undefined {
  try {
    // Behind the name, which may hold anything: state, parent, group, session.
    const [, , , session] = fs
      .readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(session);
  } catch {
    return undefined;
  }
}

/** Tells what is left of a session to end. */
export function endSession(session: number): void {
  for (const pid of membersOf(session)) {
    try {
      process.kill(pid, "SIGTERM");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
