/** One checkout as the commands see it: where its own state is, and how Pulumi is called on it. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import execa from "execa";
import type { Backend } from "./backend/backend";
import { shownOwner } from "./backend/lock";
import { openBackend } from "./backend/open";
import { withoutSigningSecrets } from "./evidence/tools";
import { EXIT, Failure } from "./failure";
import { Interrupted, interruptedBy, outlive } from "./interruption";
import { endSession } from "./sessions";
import { keepsBackups } from "./state-backups";
import { loopbackExemptions } from "../components/loopback";

export interface PulumiTools {
  /** Additions to the environment, PATH, PULUMI_HOME and the like; undefined takes one away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names of the plugins that stand in for official ones on this machine. */
  readonly standIns: readonly string[];
}

/** What Pulumi said and how it ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Workspace {
  private opened: { readonly url: string; readonly backend: Backend } | undefined;
  private readonly env: Readonly<Record<string, string | undefined>>;

  constructor(
    readonly checkout: string,
    readonly tools: PulumiTools,
  ) {
    fs.mkdirSync(this.path("state"), { recursive: true, mode: 0o700 });
    this.env = {
      // Pulumi, its plugins and the commands that they run sign nothing.
      ...withoutSigningSecrets(process.env),
      ...loopbackExemptions(process.env),
      ...tools.env,
      PULUMI_BACKEND_URL: process.env.PULUMI_BACKEND_URL ?? `file://${this.path("state")}`,
      ...this.passphrase(),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_SUPPRESS_NEO_LINK: "true",
    };
  }

  /** The same checkout, where Pulumi and the program do not see some variables. */
  without(variables: readonly string[]): Workspace {
    if (variables.length === 0) return this;
    return this.with(Object.fromEntries(variables.map((name) => [name, undefined])));
  }

  /** The same checkout, where Pulumi and the program see other values of some variables. */
  with(variables: PulumiTools["env"]): Workspace {
    return new Workspace(this.checkout, { ...this.tools, env: { ...this.tools.env, ...variables } });
  }

  /** A path of the checkout's own state, which git does not see. */
  path(...parts: readonly string[]): string {
    return path.join(this.checkout, ".ralex", ...parts);
  }

  /** The environment in which `pulumi` works on this checkout. */
  get environment(): Readonly<Record<string, string>> {
    const entries = Object.entries(this.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return Object.fromEntries(entries);
  }

  /** Where this checkout's state is. @throws Failure for an address that is none. */
  get backend(): Backend {
    const url = this.environment.PULUMI_BACKEND_URL ?? "";
    if (this.opened?.url !== url) {
      this.opened = { url, backend: openBackend(url, (args) => this.capture(args)) };
    }
    return this.opened.backend;
  }

  /** A stack's full name, as Pulumi wants it where the folder does not tell the project. */
  async stackName(project: string, stack: string): Promise<string> {
    return `${await this.backend.organization()}/${project}/${stack}`;
  }

  /** Runs Pulumi and returns its standard output. @throws Failure with what Pulumi said. */
  async capture(args: readonly string[], cwd = this.checkout): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(args, ["ignore", "pipe", "pipe"], cwd);
    if (exitCode === 0) return stdout;
    throw new Failure(`pulumi ${args[0]} failed:\n${stderr || stdout}${await this.afterFailure(args)}`);
  }

  /** Runs Pulumi with its output shown. @throws Failure when it fails; what is wrong has been shown then. */
  async show(args: readonly string[], cwd = this.checkout): Promise<void> {
    const { exitCode } = await this.run(args, ["ignore", 2, "inherit"], cwd);
    if (exitCode === 0) return;
    throw new Failure(`pulumi ${args[0]} failed (exit code ${exitCode}); see above${await this.afterFailure(args)}`);
  }

  /** Runs Pulumi, whatever it ends with. @throws Interrupted when this command was told to end meanwhile, or before. */
  async run(
    args: readonly string[],
    stdio: readonly ["ignore", "pipe" | 2, "pipe" | "inherit"] = ["ignore", "pipe", "pipe"],
    cwd = this.checkout,
  ): Promise<Ended> {
    return this.launch(args, { stdio, cwd });
  }

  /**
   * Runs Pulumi with its output shown, and returns how it ended and what it said.
   * @param limit - time after which it is told to end, as at the first Ctrl-C.
   * @throws Interrupted as {@link run}.
   */
  async watch(
    args: readonly string[],
    limit: { readonly milliseconds?: number | undefined } = {},
  ): Promise<{ readonly exitCode: number; readonly text: string; readonly isTimedOut: boolean }> {
    const color = process.stderr.isTTY ? ["--color", "always"] : [];
    const options = {
      ...({ stdio: ["ignore", "pipe", "pipe"], all: true, cwd: this.checkout } as const),
      ...(limit.milliseconds === undefined ? {} : ({ timeout: limit.milliseconds, killSignal: "SIGINT" } as const)),
    };
    const { exitCode, all, isTimedOut } = await this.launch([...args, ...color], options, (child) =>
      child.all?.pipe(process.stderr, { end: false }),
    );
    return { exitCode, text: stripVTControlCharacters(all), isTimedOut };
  }

  private async launch(
    args: readonly string[],
    options: execa.Options,
    started?: (child: execa.ExecaChildProcess) => void,
  ): Promise<Ended & { readonly all: string; readonly isTimedOut: boolean }> {
    const before = interruptedBy();
    if (before !== undefined) throw new Interrupted(before);
    const since = Date.now();
    const child = execa("pulumi", [...args, "--non-interactive"], {
      ...options,
      env: this.environmentFor(stackIn(args)),
      extendEnv: false,
      reject: false,
      // A session of its own: see outlive.
      detached: true,
    });
    started?.(child);
    const result = await outlive(child, async ({ failed }) => {
      if (!failed || child.pid === undefined) return;
      // Its plugins, where it could not end them itself.
      endSession(child.pid);
      await this.removeLocksOf(child.pid, since);
    });
    const signal = interruptedBy();
    if (signal !== undefined) throw new Interrupted(signal);
    // Without an exit code it was killed, or there is no such program.
    const stderr = result.stderr || (result as Partial<execa.ExecaError>).originalMessage || "";
    const { stdout, all = "", timedOut: isTimedOut } = result;
    return { exitCode: result.exitCode ?? EXIT.error, stdout, stderr, all, isTimedOut };
  }

  /** The environment of one run: what is kept of a state's past depends on the stack. */
  private environmentFor(stack: string | undefined): Readonly<Record<string, string>> {
    if (stack !== undefined && keepsBackups(this.checkout, stack)) return this.environment;
    return { PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true", ...this.environment };
  }

  /** Removes the locks that one process of ours took and left behind when it died. */
  private async removeLocksOf(pid: number, started: number): Promise<void> {
    try {
      for (const lock of (await this.backend.locks()) ?? []) {
        const { owner } = lock;
        if (owner?.pid !== pid || owner.host !== os.hostname()) continue;
        // One that had the same number, before.
        if (owner.since !== undefined && owner.since.getTime() < started) continue;
        console.error(`removing the lock of Pulumi, which ended without doing so (process ${pid})`);
        await this.backend.removeLock(lock);
      }
    } catch {
      // A backend that is gone is told of by whoever tells of Pulumi's failure.
    }
  }

  /** What there is to say of the backend after Pulumi has failed: whether it is there, and who works on the stack. */
  private async afterFailure(args: readonly string[]): Promise<string> {
    const { backend } = this;
    const stack = stackIn(args);
    if (stack === undefined) return "";
    const advice = backend.lockAdvice(args[args.indexOf("--stack") + 1] ?? stack);
    if (advice !== undefined) return `\n  ${advice}`;
    try {
      const locks = ((await backend.locks()) ?? []).filter((lock) => lock.stack === stack);
      return locks
        .map((lock) => `\n  another command is working on ${lock.project}/${stack}: ${shownOwner(lock)}`)
        .join("");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return (
        `\n  the backend went away: ${reason}\n  Nothing that the state has is lost: what was made last may not be in ` +
        "it, and the next command of this machine removes the lock and puts that right"
      );
    }
  }

  private passphrase(): Record<string, string | undefined> {
    if (process.env.PULUMI_CONFIG_PASSPHRASE !== undefined || process.env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined) {
      return {};
    }
    const file = this.path("passphrase");
    if (!fs.existsSync(file)) writeOnce(file, `${crypto.randomBytes(32).toString("base64url")}\n`);
    return { PULUMI_CONFIG_PASSPHRASE_FILE: file };
  }
}

/** The name of the stack that arguments of Pulumi name, without organization and project. */
function stackIn(args: readonly string[]): string | undefined {
  const at = args.indexOf("--stack");
  return at === -1 ? undefined : args[at + 1]?.split("/").at(-1);
}

/** Writes a file that only its user can read, whole or not at all; one that another command wrote first stays. */
function writeOnce(file: string, text: string): void {
  const fresh = `${file}.${process.pid}.new`;
  fs.writeFileSync(fresh, text, { mode: 0o600 });
  try {
    fs.linkSync(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    fs.rmSync(fresh);
  }
}
