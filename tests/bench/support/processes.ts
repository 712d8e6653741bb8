/** Processes that a benchmark starts, each of which it ends by its own id. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { isAnswered } from "./answers";

const ASK_EVERY_MS = 20;
/** A process that does not end by itself within this time is killed. */
const GRACE_MS = 15_000;
const LAST_CHARACTERS = 2000;

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `true` leaves out this process's own environment. */
  readonly bare?: boolean;
  /** URL that answers with 200 once it is up. */
  readonly answers: string;
  readonly withinMs: number;
}

export class Processes {
  private readonly running: execa.ExecaChildProcess[] = [];

  /** @param folder where their logs go. */
  constructor(private readonly folder: string) {}

  /** @returns its process id. @throws Error with the end of its log, when it ends or does not answer in time. */
  async start(name: string, file: string, args: readonly string[], options: StartOptions): Promise<number> {
    const log = path.join(this.folder, `${name}.log`);
    const output = fs.openSync(log, "a");
    const child = execa(file, [...args], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...options.env },
      extendEnv: options.bare !== true,
      stdio: ["ignore", output, output],
      reject: false,
    });
    fs.closeSync(output);
    this.running.push(child);
    const end = Date.now() + options.withinMs;
    while (!(await isAnswered(options.answers))) {
      const ended = child.exitCode !== null || child.pid === undefined;
      if (ended || Date.now() > end) {
        const text = fs.readFileSync(log, "utf8").slice(-LAST_CHARACTERS);
        throw new Error(`${name} ${ended ? "ended" : `did not answer in ${options.withinMs / 1000} s`}:\n${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    return child.pid ?? 0;
  }

  /** Ends all of them, the last one first. */
  async end(): Promise<void> {
    for (const child of this.running.splice(0).reverse()) {
      child.kill("SIGTERM", { forceKillAfterTimeout: GRACE_MS });
      await child;
    }
  }
}
