/**
 * Starts background programs that outlive the command which needs them, and stops only those.
 *
 * Each has a record in the run folder with its process id, program and start time: an id alone could by then belong to
 * someone else's process.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { withLock } from "../lock";
import { RUN_FOLDER } from "../paths";
import { progress } from "../progress";

export interface Daemon {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Added to what a daemon gets of this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it does its work already, whoever started it. */
  readonly answers: () => Promise<boolean>;
  /** Writes configuration files and the like, just before a start. */
  readonly prepare?: () => void;
  readonly startSeconds: number;
}

/** @throws Error with the remedy, where a daemon that does not answer cannot be started. */
export function requireRoot(name: string): void {
  if (process.platform === "linux" && process.getuid?.() === 0) return;
  throw new Error(`${name} does not answer, and starting it needs root on Linux: run this once as root`);
}

const POLL_MS = 100;
/** dockerd stops its containers first. */
const STOP_SECONDS = 40;

/**
 * What a daemon gets of this process's environment. Nothing else: keys and passwords of the command that happens to start
 * it would stay readable in /proc for as long as it runs.
 */
const PASSED_ON = [
  ...["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "XDG_RUNTIME_DIR"],
  // Registries and mirrors behind a proxy, and with an authority of its own; Go reads both spellings.
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "GODEBUG"],
  // Where the kernel's root cannot be changed, and where the disk of /var is too small.
  ...["DOCKER_RAMDISK", "DOCKER_TMPDIR"],
] as const;

function daemonEnvironment(own: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])));
}

const pidFile = (folder: string, name: string): string => path.join(folder, `${name}.pid`);
export const logFile = (folder: string, name: string): string => path.join(folder, `${name}.log`);

/**
 * Starts the daemon unless it answers, and waits until it does.
 * @returns whether it was started now
 * @throws Error with the end of the daemon's log, when it ends or does not answer in time
 */
export async function ensureDaemon(daemon: Daemon, folder = RUN_FOLDER): Promise<boolean> {
  if (await daemon.answers()) return false;
  return withLock(path.join(folder, daemon.name), async () => {
    if (await daemon.answers()) return false;
    daemon.prepare?.();
    await progress.step(`starting ${daemon.name}`, daemon.startSeconds, () => start(daemon, folder));
    return true;
  });
}

async function start(daemon: Daemon, folder: string): Promise<void> {
  const log = fs.openSync(logFile(folder, daemon.name), "a", 0o640);
  const logStart = fs.fstatSync(log).size;
  const child = spawn(daemon.program, [...daemon.args], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { ...daemonEnvironment(), ...daemon.environment },
  });
  fs.closeSync(log);
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`));
  child.unref();
  const deadline = Date.now() + daemon.startSeconds * 1000;
  let recorded = false; // early: a start that is interrupted leaves a process that can be stopped
  while (!(await daemon.answers())) {
    if (!recorded && child.pid !== undefined) recorded = record(folder, daemon.name, child.pid);
    if (Date.now() > deadline) ended ??= `it did not answer for ${daemon.startSeconds} s`;
    if (ended !== undefined) {
      const reason = ended;
      await stopDaemon(daemon.name, folder);
      throw new Error(
        `${daemon.name} could not be started: ${reason}\n${tail(logFile(folder, daemon.name), logStart)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  // Once more: by now a wrapper has become the program itself.
  if (child.pid !== undefined) record(folder, daemon.name, child.pid);
}

interface ProcessRecord {
  readonly pid: number;
  readonly program: string;
  /** Clock ticks since boot at which the process started, from /proc. */
  readonly started: string;
}

/** What runs under a process id, or undefined when nothing does. */
function identify(pid: number): ProcessRecord | undefined {
  try {
    const program = fs.readlinkSync(`/proc/${pid}/exe`);
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the name in parentheses, may hold blanks; field 22 is the start time.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : { pid, program, started: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

function record(folder: string, name: string, pid: number): boolean {
  const process = identify(pid);
  if (process === undefined) return false;
  fs.writeFileSync(pidFile(folder, name), `${process.pid} ${process.started} ${process.program}\n`);
  return true;
}

/** The process that was started here under that name, if it still runs. */
export function runningDaemon(name: string, folder = RUN_FOLDER): number | undefined {
  const file = pidFile(folder, name);
  if (!fs.existsSync(file)) return undefined;
  const [pid = "", started, ...program] = fs.readFileSync(file, "utf8").trim().split(" ");
  const actual = identify(Number(pid));
  return actual?.started === started && actual?.program === program.join(" ") ? actual?.pid : undefined;
}

/** Stops the daemon if it was started here, waiting for its end; any other process is left alone. */
export async function stopDaemon(name: string, folder = RUN_FOLDER): Promise<boolean> {
  const pid = runningDaemon(name, folder);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    const deadline = Date.now() + STOP_SECONDS * 1000;
    while (runningDaemon(name, folder) !== undefined) {
      if (Date.now() > deadline) process.kill(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  fs.rmSync(pidFile(folder, name), { force: true });
  return pid !== undefined;
}

function tail(file: string, from: number): string {
  const text = fs.readFileSync(file).subarray(from).toString("utf8");
  return `The end of ${file}:\n${text.trimEnd().split("\n").slice(-10).join("\n")}`;
}
