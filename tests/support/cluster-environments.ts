/** dev on Docker and two environments on a cluster: a copy of the checkout, stack files, and a passphrase each. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as https from "node:https";
import type * as net from "node:net";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { CONTEXT, HOST_ADDRESS, kubeconfigPath, kubectl } from "../../toolchain/cluster";
import { release } from "./copies";
import { Load, type LoadResult } from "./load";
import { configurePack } from "./pack-configuration";
import { CHECKOUT, commitAll, copyCheckout, TestStack, type CommandResult } from "./stack";

export type ClusterEnvironment = "kdev" | "kstaging";
type Actor = ClusterEnvironment | "build";

/** Where the node's ports are reached from this machine. */
export const NODE_ADDRESS = "10.251.0.11";
const NODE_PORT = 30_600;
const UPSTREAM_PORT = 19_600;

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface LoadOnCluster {
  /** Chats a second. */
  readonly perSecond: number;
  /** Streams at any time. */
  readonly streams: number;
}

/** How people get to an environment that another proxy leads to. */
export interface WayIn {
  /** Address that the host name leads to. */
  readonly address: string;
  /** PEM of the authority of the proxy's certificate. */
  readonly ca: string;
}

/** As much as the tests of the other targets send. */
const USUAL_LOAD: LoadOnCluster = { perSecond: 100, streams: 8 };

export class ClusterEnvironments {
  private readonly stack: TestStack;
  private readonly passphrases: Readonly<Record<Actor, string>>;
  private readonly outputs = new Map<string, Promise<CommandResult>>();
  private upstream: execa.ExecaChildProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly usual: Readonly<Record<string, unknown>>,
    private readonly wayIn?: WayIn,
  ) {
    this.stack = new TestStack(folder);
    const passphrase = () => crypto.randomBytes(16).toString("hex");
    this.passphrases = { kdev: passphrase(), kstaging: passphrase(), build: passphrase() };
  }

  /** @param usual - settings of the environment on the cluster, beside those that every test has. */
  static async create(
    folder: string,
    usual: Readonly<Record<string, unknown>> = {},
    wayIn?: WayIn,
  ): Promise<ClusterEnvironments> {
    await copyCheckout(folder);
    const made = new ClusterEnvironments(folder, usual, wayIn);
    made.configureDev();
    made.configure();
    for (const name of ["kdev", "kstaging"]) configurePack(folder, name);
    await made.commit("environments");
    return made;
  }

  private configureDev(): void {
    this.write("kdev", {
      ...{ target: "docker", monitoring: "none", subnet: "10.226.0.0/24", apiReplicas: 1 },
      ...{ webPort: 15_601, apiPort: 15_600, tlsPort: 15_602 },
    });
  }

  /** Writes the file of the environment on the cluster; its pin stays. */
  configure(more: Readonly<Record<string, unknown>> = {}): void {
    this.write("kstaging", {
      ...{ target: "kubernetes", promotesFrom: "kdev", kubeContext: CONTEXT },
      ...{ hostName: NODE_ADDRESS, exposure: "nodePort", nodePort: NODE_PORT },
      ...{ apiReplicas: 2, apiRateLimitPerMinute: 0, waitSeconds: 120 },
      upstreamUrl: `http://${HOST_ADDRESS}:${UPSTREAM_PORT}/v1`,
      ...this.usual,
      ...more,
    });
  }

  /** Settings of the environment on the cluster, without their namespace. */
  settings(): Readonly<Record<string, unknown>> {
    const { config } = this.file("kstaging");
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^ralex:/, ""), value]));
  }

  private file(name: ClusterEnvironment): { readonly config: Readonly<Record<string, unknown>> } {
    const file = path.join(this.folder, `Pulumi.${name}.yaml`);
    return fs.existsSync(file)
      ? (yaml.parse(fs.readFileSync(file, "utf8")) as ReturnType<typeof this.file>)
      : { config: {} };
  }

  private write(name: ClusterEnvironment, settings: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.folder, `Pulumi.${name}.yaml`);
    const { config: before } = this.file(name);
    const pin = "ralex:release" in before ? { "ralex:release": before["ralex:release"] } : {};
    const config = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`ralex:${key}`, value]));
    fs.writeFileSync(file, yaml.stringify({ config: { ...config, ...pin } }));
  }

  pin(name: ClusterEnvironment): { readonly id: string; readonly images: Readonly<Record<string, string>> } {
    return this.file(name).config["ralex:release"] as ReturnType<typeof this.pin>;
  }

  private environmentOf(as: Actor): Record<string, string> {
    return { KUBECONFIG: kubeconfigPath(), PULUMI_CONFIG_PASSPHRASE: this.passphrases[as] };
  }

  /** Runs `./ralex` as the pipeline of an environment would. */
  ralex(as: Actor, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    return this.stack.ralex(args, { ...this.environmentOf(as), ...more });
  }

  /** The same, while it runs. */
  spawn(as: Actor, ...args: readonly string[]): execa.ExecaChildProcess {
    return this.stack.spawn(args, this.environmentOf(as));
  }

  /** @throws Error with what the command said, unless it ended with 0. */
  async must(as: Actor, ...args: readonly string[]): Promise<CommandResult> {
    const result = await this.ralex(as, args);
    if (result.exitCode === 0) return result;
    throw new Error(`./ralex ${args.join(" ")} ended with ${result.exitCode}:\n${result.stderr}\n${result.stdout}`);
  }

  /** What a person types who has Pulumi in the shell; the stack's encryption is given, so that no file of git changes. */
  byHand(...args: readonly string[]): Promise<execa.ExecaReturnValue> {
    const read = (file: string) => yaml.parse(fs.readFileSync(path.join(this.folder, file), "utf8")) as object;
    const file = path.join(this.folder, ".ralex/by-hand.yaml");
    const content = { ...read("Pulumi.kstaging.yaml"), ...read(".ralex/Pulumi.ralex.kstaging.yaml") };
    fs.writeFileSync(file, yaml.stringify(content), { mode: 0o600 });
    const options = `--stack kstaging --non-interactive --config-file '${file}'`;
    const script = `eval "$(./ralex env)" && pulumi ${args.join(" ")} ${options}`;
    const env = this.environmentOf("kstaging");
    return execa("sh", ["-c", script], { cwd: this.folder, env, stdin: "ignore", reject: false, all: true });
  }

  /** All that the state of an environment holds, its secrets in clear. */
  async state(name: ClusterEnvironment): Promise<string> {
    const script = `eval "$(./ralex env)" && pulumi stack export --show-secrets --stack ${name} --non-interactive`;
    const env = this.environmentOf(name);
    return (await execa("sh", ["-c", script], { cwd: this.folder, env, stdin: "ignore" })).stdout;
  }

  /** Outputs are those of another stack from now on. */
  forget(): void {
    this.outputs.clear();
  }

  /** Asked once, until {@link forget}: most tests change none that they ask for. */
  output(name: string): Promise<string> {
    const asked = this.outputs.get(name) ?? this.must("kstaging", "output", name, "-s", "kstaging");
    this.outputs.set(name, asked);
    return asked.then(({ stdout }) => stdout);
  }

  /** Builds a release of the newest commit; returns its id. */
  async build(): Promise<string> {
    const { stdout } = await this.must("build", "build", "--json");
    return (JSON.parse(stdout) as { id: string }).id;
  }

  /** The same of the first release, whose key is trusted from then on. */
  async firstRelease(): Promise<string> {
    const id = await this.build();
    await this.must("build", "trust");
    await this.commit("the key that evidence is sealed by");
    return id;
  }

  /**
   * Asks the API as a client outside the cluster does: over TLS, trusting the stack's authority alone.
   * @param access - key and authority, where the stack's outputs do not have them.
   */
  async chat(content: string, access?: { readonly apiKey: string; readonly ca: string }): Promise<Answer> {
    const [url, apiKey, ca] =
      access === undefined ? await this.access("apiUrl") : [await this.output("apiUrl"), access.apiKey, access.ca];
    return new Promise((resolve, reject) => {
      const request = https.request(`${url}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        ca,
        ...this.route(),
      });
      request.once("error", reject);
      request.once("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part: string) => (body += part));
        response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      request.end(JSON.stringify({ model: "echo", messages: [{ role: "user", content }] }));
    });
  }

  private access(url: "apiUrl" | "webUrl"): Promise<readonly [string, string, string]> {
    return Promise.all([this.output(url), this.output("apiKey"), this.wayIn?.ca ?? this.output("caCertificate")]);
  }

  /** Where a host name leads that no DNS knows. */
  private route(): { lookup?: net.LookupFunction } {
    const { wayIn } = this;
    if (wayIn === undefined) return {};
    const { address } = wayIn;
    return {
      lookup: (_name, { all }, done) => (all === true ? done(null, [{ address, family: 4 }]) : done(null, address, 4)),
    };
  }

  /** An even flow of chats and streams, until it is stopped. */
  async load(options = USUAL_LOAD): Promise<Load> {
    const [url, apiKey, ca] = await this.access("webUrl");
    return new Load({ url, apiKey, ca, ...this.route(), ...options });
  }

  /** Does something while load goes to the cluster, from a second before to a second after it. */
  async underLoad(work: () => Promise<unknown>, options = USUAL_LOAD): Promise<LoadResult> {
    const load = await this.load(options);
    const second = () => new Promise((resolve) => setTimeout(resolve, 1000));
    try {
      await second();
      await work();
      await second();
    } catch (error) {
      await load.stop();
      throw error;
    }
    return load.stop();
  }

  commit(message: string): Promise<string> {
    return commitAll(this.folder, message);
  }

  /** Runs kubectl in the environment's namespace. */
  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl(["--namespace", "ralex-kstaging", ...args]);
  }

  /**
   * Starts the upstream of the model `slow` on this machine, where the cluster's pods reach it.
   * @param pauseSeconds - between two of the twenty chunks of a stream.
   */
  startUpstream({ pauseSeconds = 0.2 } = {}): void {
    const program = path.join(CHECKOUT, "tests/support/slow_upstream.py");
    const args = [program, String(UPSTREAM_PORT), String(pauseSeconds)];
    this.upstream = execa("python3", args, { reject: false, stdin: "ignore" });
  }

  /** Removes both stacks with their data, and the copy. */
  async remove(): Promise<void> {
    for (const name of ["kstaging", "kdev"] as const) {
      await this.ralex(name, ["reset", "--confirm", name, "-s", name]);
    }
    this.upstream?.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
    await release(this.folder);
  }
}
