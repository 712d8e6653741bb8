/** Signals for all that a process has started, whichever groups and sessions it is in: what a machine's end does to it. */
import * as fs from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
}

function processes(): readonly Process[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = fs
          .readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        return [{ pid: Number(name), parent: Number(parent) }];
      } catch {
        return [];
      }
    });
}

/** A process and all below it, the process first. */
export function treeOf(root: number): readonly number[] {
  const all = processes();
  const below = (pid: number): readonly number[] => [
    pid,
    ...all.filter(({ parent }) => parent === pid).flatMap((child) => below(child.pid)),
  ];
  return below(root);
}

/** Sends a signal to each of these that is there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Kills a process and all below it. First it is stopped, so that nothing is started meanwhile. */
export function killTree(root: number): void {
  let known: readonly number[] = [];
  for (;;) {
    const tree = treeOf(root);
    signalAll(tree, "SIGSTOP");
    if (tree.every((pid) => known.includes(pid))) break;
    known = tree;
  }
  signalAll(known, "SIGKILL");
}

/** Which of these live, zombies not counted. */
export const livingOf = (pids: readonly number[]): readonly number[] =>
  pids.filter((pid) => {
    try {
      return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  });
