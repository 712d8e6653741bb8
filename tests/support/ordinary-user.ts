/**
 * An ordinary user of this machine with tools of the official shape: a `pulumi` on the PATH, plugins where the CLI looks
 * for them, an engine that the group docker may use. What the tools are made of is the toolchain's.
 */
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { prepareMachine } from "../../cli/machine";
import { OFFICIAL_HOME } from "../../cli/pulumi-cli";
import { GENERATED_LOCK } from "../../components/image/lock";
import { BUILDKIT_HOST } from "../../toolchain/engines/buildkit";
import { REGISTRY } from "../../toolchain/engines/registry";
import { goModule } from "../../toolchain/go-tools";
import { preparePulumiHome } from "../../toolchain/pulumi/home";
import { MARK } from "../../toolchain/pulumi/plugins/support/mark";
import { CHECKOUT, copyCheckout, type CommandResult, type TestStack } from "./stack";

/** The loopback registry by a name, as somebody names one; its address is what the toolchain takes by itself. */
export const NAMED_REGISTRY = { RALEX_REGISTRY: REGISTRY.replace("127.0.0.1", "localhost") };

const NAME = "ralex-laptop";
/** Answers as Docker's plugin for builds does where it is asked whether it is there. */
const BUILDX = `#!/bin/sh
case "$1" in
docker-cli-plugin-metadata) echo '{"SchemaVersion": "0.1.0", "Vendor": "test", "Version": "v0.0.0"}' ;;
*) echo "github.com/docker/buildx v0.0.0" ;;
esac
`;

export class OrdinaryUser {
  private constructor(
    readonly stack: TestStack,
    readonly home: string,
    private readonly builder: net.Server,
  ) {}

  /** Makes the user, and a checkout of its own with a stack of the given name. Needs root. */
  static async make(stackName: string): Promise<OrdinaryUser> {
    await prepareMachine(CHECKOUT, { images: true, workingTree: true });
    const home = fs.mkdtempSync(path.join(os.tmpdir(), `${NAME}-`));
    await execa("useradd", ["--no-create-home", "--home-dir", home, "--groups", "docker", NAME]);
    const stack = await copyCheckout(path.join(home, "checkout"), stackName);
    await giveTools(home, stack.folder);
    const builder = await relay(path.join(home, "buildkitd.sock"), BUILDKIT_HOST.slice("unix://".length));
    await execa("chown", ["--recursive", "--no-dereference", `${NAME}:${NAME}`, home]);
    await givePackages(stack.folder);
    return new OrdinaryUser(stack, home, builder);
  }

  /** Runs `./ralex` as the user, with the user's environment and nothing else. */
  async ralex(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const result = await execa("/usr/sbin/runuser", ["-u", NAME, "--", "./ralex", ...args], {
      cwd: this.stack.folder,
      env: {
        HOME: this.home,
        USER: NAME,
        PATH: `${this.home}/bin:/usr/local/bin:/usr/bin:/bin`,
        BUILDKIT_HOST: `unix://${this.home}/buildkitd.sock`,
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        RALEX_IMAGES_LOCK: "laptop.lock.json",
        ...environment,
      },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  }

  async remove(): Promise<void> {
    this.builder.close();
    await execa("userdel", [NAME], { reject: false });
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

async function giveTools(home: string, checkout: string): Promise<void> {
  const bin = path.join(home, "bin");
  fs.mkdirSync(bin);
  fs.copyFileSync(path.join(await goModule("pulumi"), "pulumi"), path.join(bin, "pulumi"));
  fs.copyFileSync(path.join(await goModule("buildkit"), "buildctl"), path.join(bin, "buildctl"));
  const { home: made } = await preparePulumiHome(checkout, bin);
  const official = path.join(checkout, OFFICIAL_HOME);
  // Only what the CLI itself would have fetched; the start scripts name the programs by their path.
  fs.mkdirSync(official, { recursive: true });
  fs.renameSync(path.join(made, "plugins"), path.join(official, "plugins"));
  fs.rmSync(path.join(made, "stand-ins.json"));
  hideMark(path.join(made, "dist"));
  const plugins = path.join(home, ".docker/cli-plugins");
  fs.mkdirSync(plugins, { recursive: true });
  fs.writeFileSync(path.join(plugins, "docker-buildx"), BUILDX, { mode: 0o755 });
  fs.copyFileSync(path.join(CHECKOUT, GENERATED_LOCK), path.join(checkout, "laptop.lock.json"));
}

/** Official plugins leave no mark in a state by which commands could tell them; these keep theirs to themselves. */
function hideMark(folder: string): void {
  let hidden = 0;
  for (const name of fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((one) => one.endsWith(".js"))) {
    const file = path.join(folder, name);
    const text = fs.readFileSync(file, "utf8");
    if (!text.includes(MARK)) continue;
    fs.writeFileSync(file, text.replaceAll(MARK, "__official"));
    hidden += 1;
  }
  if (hidden === 0) throw new Error(`no stand-in of ${folder} has the mark ${MARK}`);
}

/** The packages of this checkout, which may lie where only root may go. Linked after the home got its owner: links share it. */
async function givePackages(checkout: string): Promise<void> {
  const target = path.join(checkout, "node_modules");
  fs.unlinkSync(target);
  const packages = path.join(CHECKOUT, "node_modules");
  const { failed } = await execa("cp", ["--archive", "--link", packages, target], { reject: false });
  // Links reach no other file system.
  if (failed) await execa("cp", ["--archive", "--force", packages, "--no-target-directory", target]);
}

/** The toolchain's builder is root's; the user reaches it by a socket of its own. */
function relay(from: string, to: string): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const target = net.connect({ path: to, allowHalfOpen: true });
    client.pipe(target).pipe(client);
    client.on("error", () => target.destroy());
    target.on("error", () => client.destroy());
  });
  return new Promise((resolve) => server.listen(from, () => resolve(server)));
}
