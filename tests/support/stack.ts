/**
 * A whole stack for the docker and browser tiers: `./ralex start` in a copy of the checkout, with names, ports and a
 * network of its own, so that it runs beside whatever else the machine runs.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { resourcesOf } from "../../cli/backend/resources";
import type { Recorded } from "../../cli/backend/checkpoint";
import { openStored } from "../../cli/backend/open";
import { hold, release, removeLeftovers } from "./copies";

export const CHECKOUT = path.resolve(__dirname, "../..");
/** The stack of the tests; `Pulumi.test.yaml` is written into the copy. */
export const STACK = "test";

export const PORTS = { web: 13000, api: 18000, tls: 18443, prometheus: 19090, logs: 19428 } as const;

const CONFIG = {
  "ralex:target": "docker",
  "ralex:subnet": "10.220.0.0/24",
  "ralex:webPort": PORTS.web,
  "ralex:apiPort": PORTS.api,
  "ralex:tlsPort": PORTS.tls,
  "ralex:prometheusPort": PORTS.prometheus,
  "ralex:logsPort": PORTS.logs,
  "ralex:operatorListeners": true,
  "ralex:hotReload": true,
  "ralex:waitSeconds": 120,
};

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands that leave a stack as it is. */
const READING: ReadonlySet<string> = new Set(["status", "output", "verify", "logs", "drift", "doctor"]);

export class TestStack {
  constructor(
    readonly folder: string,
    readonly name: string = STACK,
  ) {}

  /** Runs `./ralex` as a person would, in the copy. */
  async ralex(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const result = await this.spawn(args, environment);
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  }

  /** The running command, for tests that interrupt it. It leads a process group of its own. */
  spawn(args: readonly string[], environment: Readonly<Record<string, string>> = {}): execa.ExecaChildProcess {
    if (!READING.has(args[0] ?? "")) fs.rmSync(this.mark, { force: true });
    return execa("./ralex", [...args], {
      cwd: this.folder,
      env: environment,
      reject: false,
      stdin: "ignore",
      detached: true,
    });
  }

  /** Starts the stack; a second call finds nothing to do. @throws Error with what the command said. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const result = await this.ralex(["start", "-s", this.name], environment);
    if (result.exitCode !== 0)
      throw new Error(`start failed (${result.exitCode}):\n${result.stderr}\n${result.stdout}`);
    return result;
  }

  /** Starts the stack, unless a test file before has left it as this start would: that takes ten seconds to tell. */
  async ready(): Promise<void> {
    const wanted = fs.readFileSync(this.file, "utf8");
    const isSame = fs.existsSync(this.mark) && fs.readFileSync(this.mark, "utf8") === wanted;
    if (isSame && (await this.ralex(["status", "-s", this.name])).exitCode === 0) return;
    await this.start();
    fs.writeFileSync(this.mark, wanted);
  }

  async output(name: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.ralex(["output", name, "-s", this.name]);
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  }

  /** Changes settings in the copy's stack file. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const config = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`ralex:${key}`, value]));
    fs.writeFileSync(this.file, yaml.stringify({ config: { ...CONFIG, ...config } }));
  }

  private get file(): string {
    return path.join(this.folder, `Pulumi.${this.name}.yaml`);
  }

  /** The stack's file as it was at the last start that nothing has followed; between the files of a run. */
  private get mark(): string {
    return path.join(this.folder, ".ralex/tests-started");
  }

  container(service: string): string {
    return `ralex-${this.name}-${service}`;
  }
}

/**
 * The copy of the working tree that all files of a run share; the runner makes it and removes it.
 * @throws Error when the runner has not made it.
 */
export function testStack(): TestStack {
  const folder = process.env.RALEX_TEST_COPY;
  if (folder === undefined) throw new Error("RALEX_TEST_COPY is not set: run the tier with ./ralex test docker");
  return new TestStack(folder);
}

/** What is in the state of a stack in a checkout's own backend; undefined where there is no such stack. */
export const resourcesIn = async (
  checkout: string,
  project: string,
  stack: string,
): Promise<readonly Recorded[] | undefined> => {
  const backend = openStored(`file://${path.join(checkout, ".ralex/state")}`);
  return backend === undefined ? undefined : resourcesOf({ backend }, project, stack);
};

/** Copies what git knows or would add, as a clone would have it, with the packages of this checkout; asks no engine. */
export async function cloneCheckout(folder: string): Promise<void> {
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: CHECKOUT,
  });
  for (const file of stdout.split("\0").filter((name) => name !== "" && fs.existsSync(path.join(CHECKOUT, name)))) {
    fs.cpSync(path.join(CHECKOUT, file), path.join(folder, file), { preserveTimestamps: true });
  }
  fs.symlinkSync(path.join(CHECKOUT, "node_modules"), path.join(folder, "node_modules"));
  await execa("git", ["init", "--quiet"], { cwd: folder });
  // A link is no folder to .gitignore.
  fs.appendFileSync(path.join(folder, ".git/info/exclude"), "node_modules\n");
}

/** Commits whatever changed in a copy; returns the commit. */
export async function commitAll(folder: string, message: string): Promise<string> {
  const git = (...args: readonly string[]) =>
    execa("git", ["-c", "user.name=test", "-c", "user.email=test@ralex.example", ...args], { cwd: folder });
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--message", message);
  return (await git("rev-parse", "HEAD")).stdout;
}

/** {@link cloneCheckout} with a stack of its own, on an engine without what earlier runs have left there. */
export async function copyCheckout(folder: string, name: string = STACK): Promise<TestStack> {
  await removeLeftovers();
  await hold(folder);
  await cloneCheckout(folder);
  const stack = new TestStack(folder, name);
  stack.configure({});
  await commitAll(folder, "a clone");
  return stack;
}

/** Removes the stack with its data, and the copy. @throws Error with what the command said; then the copy is still there */
export async function removeCopy(stack: TestStack): Promise<void> {
  const { exitCode, stderr } = await stack.ralex(["reset", "--yes", "-s", stack.name]);
  if (exitCode !== 0) throw new Error(`reset of ${stack.name} in ${stack.folder} failed (${exitCode}):\n${stderr}`);
  fs.rmSync(stack.folder, { recursive: true, force: true });
  await release(stack.folder);
}
