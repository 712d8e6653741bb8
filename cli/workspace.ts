/** One checkout as the commands see it: where its own state is, and how Pulumi is called on it. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import execa from "execa";
import { withoutSigningSecrets } from "./evidence/tools";
import { EXIT, Failure } from "./failure";
import { loopbackExemptions } from "../components/loopback";

export interface PulumiTools {
  /** Additions to the environment, PATH, PULUMI_HOME and the like; undefined takes one away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names of the plugins that stand in for official ones on this machine. */
  readonly standIns: readonly string[];
}

export class Workspace {
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
      // Checkpoints hold everything that is needed; a history of them beside would only grow.
      PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    };
  }

  /** The same checkout, where Pulumi and the program do not see some variables. */
  without(variables: readonly string[]): Workspace {
    if (variables.length === 0) return this;
    const unset = Object.fromEntries(variables.map((name) => [name, undefined]));
    return new Workspace(this.checkout, { ...this.tools, env: { ...this.tools.env, ...unset } });
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

  /** Runs Pulumi and returns its standard output. @throws Failure with what Pulumi said. */
  async capture(args: readonly string[], cwd = this.checkout): Promise<string> {
    const result = await execa("pulumi", [...args, "--non-interactive"], {
      cwd,
      env: this.environment,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    if (result.failed) throw new Failure(`pulumi ${args[0]} failed:\n${result.stderr || result.stdout}`);
    return result.stdout;
  }

  /** Runs Pulumi with its output shown. @throws Failure when it fails; what is wrong has been shown then. */
  async show(args: readonly string[], cwd = this.checkout): Promise<void> {
    const result = await execa("pulumi", [...args, "--non-interactive"], {
      cwd,
      env: this.environment,
      extendEnv: false,
      reject: false,
      stdio: ["ignore", 2, "inherit"],
    });
    if (result.failed) throw new Failure(`pulumi ${args[0]} failed (exit code ${result.exitCode}); see above`);
  }

  /** Runs Pulumi with its output shown, and returns how it ended and what it said. */
  async watch(args: readonly string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
    const color = process.stderr.isTTY ? ["--color", "always"] : [];
    const child = execa("pulumi", [...args, ...color, "--non-interactive"], {
      cwd: this.checkout,
      env: this.environment,
      extendEnv: false,
      reject: false,
      all: true,
      stdin: "ignore",
    });
    child.all?.pipe(process.stderr, { end: false });
    const { exitCode, failed, all } = await child;
    // One that was ended by a signal, or never began, has no exit code.
    return { exitCode: failed ? exitCode || EXIT.error : EXIT.done, text: stripVTControlCharacters(all ?? "") };
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
