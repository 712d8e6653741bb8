/** Runs the real Pulumi CLI on projects in temporary folders, each with a backend and a passphrase of its own. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { goTool } from "../../toolchain/go-tools";
import { preparePulumiHome } from "../../toolchain/pulumi/home";

const CHECKOUT = path.resolve(__dirname, "../..");

/** The CLI that RALEX_PULUMI names, or the one that the toolchain built. */
export const pulumiBinary = async (): Promise<string> => process.env.RALEX_PULUMI ?? (await goTool("pulumi"));

export interface Result {
  readonly exitCode: number;
  /** Both streams, as a person sees them. */
  readonly text: string;
}

/** One stack of one project. */
export class TestStack {
  private constructor(
    readonly folder: string,
    readonly state: string,
    private readonly binary: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /**
   * @param project its name, and the files of its folder by path; `index.ts` is the program.
   * @param where the backend to share with other stacks; a new one when absent.
   */
  static async create(
    project: string,
    files: Readonly<Record<string, string>>,
    options: {
      readonly stack?: string;
      readonly passphrase?: string;
      readonly state?: string;
      /** Address of a backend that is no folder. */
      readonly backend?: string;
    } = {},
  ): Promise<TestStack> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `ralex-${project}-`));
    const state = options.state ?? path.join(folder, ".state");
    fs.mkdirSync(state, { recursive: true });
    const binary = await pulumiBinary();
    const { env } = await preparePulumiHome(CHECKOUT, path.dirname(binary));
    fs.symlinkSync(path.join(CHECKOUT, "node_modules"), path.join(folder, "node_modules"));
    const hook = path.join(CHECKOUT, "toolchain", "typescript.js");
    const runtime = { name: "nodejs", options: { typescript: false, nodeargs: `--require ${hook}` } };
    const all = {
      "Pulumi.yaml": JSON.stringify({ name: project, runtime, main: "index.ts" }),
      "package.json": JSON.stringify({ name: project, private: true }),
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
    const stack = new TestStack(folder, state, binary, {
      ...process.env,
      ...env,
      PULUMI_BACKEND_URL: options.backend ?? `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: options.passphrase ?? "test",
      PULUMI_HOME: env.PULUMI_HOME,
      NODE_OPTIONS: "",
    });
    const made = await stack.run("stack", "init", options.stack ?? "test");
    if (made.exitCode !== 0) throw new Error(made.text);
    return stack;
  }

  write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  async run(...args: readonly string[]): Promise<Result> {
    return this.runWith({}, ...args);
  }

  async runWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Result> {
    const { exitCode, all } = await execa(this.binary, [...args, "--non-interactive"], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      extendEnv: false,
      reject: false,
      all: true,
    });
    return { exitCode, text: all ?? "" };
  }

  /**
   * A command of this checkout that updates the stack, as a process that leads a group of its own. Its streams may be
   * those of Pulumi too, and end when that does.
   */
  command(...args: readonly string[]): execa.ExecaChildProcess {
    const script = [path.join(CHECKOUT, "tests/support/pulumi-command.ts"), this.folder, ...args];
    const child = execa(process.execPath, ["--require", path.join(CHECKOUT, "toolchain/typescript.js"), ...script], {
      ...{ cwd: this.folder, env: this.env, extendEnv: false },
      ...{ detached: true, reject: false, stdin: "ignore" },
    });
    // What it says is collected from when somebody waits for it, and lost if it has ended before.
    void child.then(() => undefined);
    return child;
  }

  up = (...args: readonly string[]) => this.run("up", "--yes", "--skip-preview", ...args);
  preview = (...args: readonly string[]) => this.run("preview", ...args);
  refresh = (...args: readonly string[]) => this.run("refresh", "--yes", "--skip-preview", ...args);
  destroy = (...args: readonly string[]) => this.run("destroy", "--yes", "--skip-preview", ...args);

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await execa(this.binary, ["stack", "output", "--json", "--show-secrets", "--non-interactive"], {
      cwd: this.folder,
      env: this.env,
      extendEnv: false,
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** Everything that the backend holds, as text. */
  stored(): string {
    const read = (folder: string): string =>
      fs
        .readdirSync(folder, { withFileTypes: true })
        .map((entry) => {
          const full = path.join(folder, entry.name);
          return entry.isDirectory() ? read(full) : fs.readFileSync(full, "utf8");
        })
        .join("\n");
    return read(this.state);
  }

  /** Destroys what is left, without a word about it, and removes the folder. */
  async remove(): Promise<void> {
    await this.destroy();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
