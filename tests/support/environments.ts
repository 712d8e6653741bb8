/** dev, staging and prod side by side on one engine: a copy of the checkout, three stack files, three passphrases. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { connectEngine } from "../../components/docker/engine/client";
import { release } from "./copies";
import { configurePack } from "./pack-configuration";
import { CHECKOUT, commitAll, copyCheckout, type CommandResult, TestStack } from "./stack";

export type Environment = "pdev" | "pstaging" | "pprod";

const REPLICAS = 2;

const ENVIRONMENTS: Readonly<Record<Environment, { network: number; port: number; from?: Environment }>> = {
  pdev: { network: 241, port: 15100 },
  pstaging: { network: 242, port: 15200, from: "pdev" },
  pprod: { network: 243, port: 15300, from: "pstaging" },
};

const docker = connectEngine();

export class Environments {
  private readonly stack: TestStack;
  private readonly passphrases = new Map(
    [...Object.keys(ENVIRONMENTS), "build"].map((name) => [name, crypto.randomBytes(16).toString("hex")]),
  );

  private readonly upstreams = new Set<string>();
  private readonly apiKeys = new Map<Environment, Promise<string>>();

  private constructor(
    readonly folder: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {
    this.stack = new TestStack(folder);
  }

  /** @param environment - variables for every command, for instance a registry of the tests' own. */
  static async create(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<Environments> {
    await copyCheckout(folder);
    const made = new Environments(folder, environment);
    for (const name of Object.keys(ENVIRONMENTS) as Environment[]) {
      made.configure(name);
      configurePack(folder, name);
    }
    await made.commit("environments");
    return made;
  }

  port(name: Environment): number {
    return ENVIRONMENTS[name].port;
  }

  /** Writes an environment's file; its pin stays. */
  configure(name: Environment, more: Readonly<Record<string, unknown>> = {}): void {
    const { network, port, from } = ENVIRONMENTS[name];
    const settings = {
      target: "docker",
      // As people have it in dev: a pinned release has to run as it was built all the same.
      hotReload: from === undefined,
      // Metrics are part of what dev verifies; without them the other two leave the machine to what is tested.
      ...(from === undefined ? {} : { promotesFrom: from, monitoring: "none" }),
      subnet: `10.${network}.0.0/24`,
      webPort: port + 1,
      apiPort: port,
      tlsPort: port + 2,
      apiReplicas: REPLICAS,
      apiRateLimitPerMinute: 0,
      upstreamUrl: `http://ralex-${name}-slow:9000/v1`,
      ...more,
    };
    const config = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`ralex:${key}`, value]));
    const pin = fs.existsSync(this.file(name)) ? this.pin(name) : undefined;
    const all = { ...config, ...(pin === undefined ? {} : { "ralex:release": pin }) };
    fs.writeFileSync(this.file(name), yaml.stringify({ config: all }));
  }

  file(name: Environment): string {
    return path.join(this.folder, `Pulumi.${name}.yaml`);
  }

  pin(name: Environment): { id: string; images: Record<string, string> } | undefined {
    const { config } = yaml.parse(fs.readFileSync(this.file(name), "utf8")) as { config: Record<string, unknown> };
    return config["ralex:release"] as { id: string; images: Record<string, string> } | undefined;
  }

  setPin(name: Environment, pin: { id: string; images: Record<string, string> }): void {
    const file = yaml.parse(fs.readFileSync(this.file(name), "utf8")) as { config: Record<string, unknown> };
    file.config["ralex:release"] = pin;
    fs.writeFileSync(this.file(name), yaml.stringify(file));
  }

  /** Runs `./ralex` as the pipeline of an environment would: with that environment's passphrase and no other. */
  ralex(as: Environment | "build", ...args: readonly string[]): Promise<CommandResult> {
    return this.stack.ralex(args, this.environmentOf(as));
  }

  /** The same with other variables. */
  ralexWith(
    variables: Readonly<Record<string, string>>,
    as: Environment | "build",
    ...args: readonly string[]
  ): Promise<CommandResult> {
    return this.stack.ralex(args, { ...this.environmentOf(as), ...variables });
  }

  /** Removes every trace of environments and of the builds from the backend, as if it had never known them. */
  async forget(...names: readonly Environment[]): Promise<void> {
    const state = path.join(this.folder, ".ralex/state/.pulumi/stacks");
    for (const stack of [...names.map((name) => `ralex-ledger/${name}`), "ralex-images/release"]) {
      for (const end of ["json", "json.bak", "json.attrs"])
        await fs.promises.rm(path.join(state, `${stack}.${end}`), { force: true });
    }
  }

  /** The same, while it runs. */
  spawn(as: Environment | "build", ...args: readonly string[]): execa.ExecaChildProcess {
    return this.stack.spawn(args, this.environmentOf(as));
  }

  /** @throws Error with what the command said, unless it ended with 0. */
  async must(as: Environment | "build", ...args: readonly string[]): Promise<CommandResult> {
    const result = await this.ralex(as, ...args);
    if (result.exitCode === 0) return result;
    throw new Error(`./ralex ${args.join(" ")} ended with ${result.exitCode}:\n${result.stderr}\n${result.stdout}`);
  }

  private environmentOf(as: Environment | "build"): Record<string, string> {
    return { ...this.environment, PULUMI_CONFIG_PASSPHRASE: this.passphrases.get(as) ?? "" };
  }

  /** Commits whatever changed in the copy; returns the commit. */
  commit(message: string): Promise<string> {
    return commitAll(this.folder, message);
  }

  /** Replaces text in a file of the copy. @throws Error when it is not there: the test would test nothing. */
  edit(file: string, from: string, to: string): void {
    const full = path.join(this.folder, file);
    const text = fs.readFileSync(full, "utf8");
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    fs.writeFileSync(full, text.replace(from, to));
  }

  async output(name: Environment, output: string): Promise<string> {
    return (await this.must(name, "output", output, "-s", name)).stdout;
  }

  async outputs(name: Environment): Promise<Record<string, unknown>> {
    return JSON.parse((await this.must(name, "output", "-s", name)).stdout) as Record<string, unknown>;
  }

  /** Asked once: no test here rotates it. */
  apiKey(name: Environment): Promise<string> {
    const key = this.apiKeys.get(name) ?? this.output(name, "apiKey");
    this.apiKeys.set(name, key);
    return key;
  }

  /** What every replica of the API runs, as the engine says it: `repository@sha256:…`. */
  async running(name: Environment): Promise<readonly string[]> {
    return Promise.all(
      Array.from({ length: REPLICAS }, async (_, slot) => {
        const { State } = await docker.getContainer(`ralex-${name}-api-${slot}`).inspect();
        if (!State.Running) throw new Error(`replica ${slot} of ${name} does not run`);
        const pinned = (await this.digestsOf(name, `api-${slot}`)).filter((ref) => ref.includes("/ralex-api@"));
        if (pinned.length !== 1) throw new Error(`replica ${slot} of ${name} runs ${pinned.join(", ")}`);
        return pinned[0] ?? "";
      }),
    );
  }

  /** Every `repository@sha256:…` of the image that a container was made from. */
  async digestsOf(name: Environment, container: string): Promise<readonly string[]> {
    const { Image } = await docker.getContainer(`ralex-${name}-${container}`).inspect();
    return (await docker.getImage(Image).inspect()).RepoDigests;
  }

  /** Runs SQL in the database of an environment, as its superuser. */
  async sql(name: Environment, statements: string): Promise<void> {
    const command = 'exec psql -v ON_ERROR_STOP=1 -XAtq -h "$1" -U postgres -d ralex -c "$2"';
    await execa("docker", [
      "exec",
      `ralex-${name}-postgres`,
      "sh",
      "-c",
      command,
      "sh",
      "/var/run/postgresql",
      statements,
    ]);
  }

  /**
   * Starts the upstream of an environment's model `slow`, in the network through which its API calls out; leaves it
   * alone where it runs already. Returns once a replica reaches it.
   */
  async startUpstream(name: Environment): Promise<void> {
    const upstream = `ralex-${name}-slow`;
    if (!this.upstreams.has(upstream)) {
      const mount = `${path.join(CHECKOUT, "tests/support/slow_upstream.py")}:/slow_upstream.py:ro`;
      const container = await docker.createContainer({
        name: upstream,
        Image: this.pin(name)?.images["ralex-api"] ?? "",
        Entrypoint: ["python3.11", "/slow_upstream.py"],
        Healthcheck: { Test: ["NONE"] },
        HostConfig: { NetworkMode: `ralex-${name}-egress`, Binds: [mount], Init: true },
      });
      this.upstreams.add(upstream);
      await container.start();
    }
    const url = `http://${upstream}:9000/v1/models`;
    const ask = `import urllib.request; urllib.request.urlopen("${url}", timeout=5).read()`;
    for (let left = 20; left > 0; left -= 1) {
      const { failed } = await execa("docker", ["exec", `ralex-${name}-api-0`, "python3.11", "-c", ask], {
        reject: false,
        stdin: "ignore",
      });
      if (!failed) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const { all } = await execa("docker", ["logs", upstream], { all: true, reject: false });
    throw new Error(`the API does not reach ${url}:\n${all ?? ""}`);
  }

  /** Previews an environment as people do by hand; returns the seconds that `pulumi preview` took. */
  async preview(name: Environment): Promise<number> {
    const read = (from: string) => yaml.parse(fs.readFileSync(from, "utf8")) as Record<string, unknown>;
    // With the encryption in the stack's own file Pulumi would change what git knows.
    const encryption = read(path.join(this.folder, `.ralex/Pulumi.ralex.${name}.yaml`));
    const file = path.join(this.folder, `.ralex/by-hand.${name}.yaml`);
    fs.writeFileSync(file, yaml.stringify({ ...read(this.file(name)), ...encryption }), { mode: 0o600 });
    const script = `eval "$(./ralex env)"; start=$(date +%s%N)
pulumi preview --non-interactive --stack ${name} --config-file '${file}' >&2 || exit 1
echo $(( $(date +%s%N) - start ))`;
    const { stdout } = await execa("sh", ["-c", script], {
      cwd: this.folder,
      env: this.environmentOf(name),
      stdin: "ignore",
    });
    return Number(stdout) / 1e9;
  }

  /** Removes every stack with its data, and the copy. */
  async remove(): Promise<void> {
    for (const upstream of this.upstreams) await docker.getContainer(upstream).remove({ force: true });
    for (const name of Object.keys(ENVIRONMENTS) as Environment[])
      await this.ralex(name, "reset", "--confirm", name, "-s", name);
    fs.rmSync(this.folder, { recursive: true, force: true });
    await release(this.folder);
  }
}
