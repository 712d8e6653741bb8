/** What a command runs on: the official tools where they are or can be had, or what the toolchain makes itself. */
import * as fs from "node:fs";
import * as path from "node:path";
import type Docker from "dockerode";
import execa from "execa";
import { ImageLock, readLock } from "../components/image/lock";
import type { PLATFORMS } from "../components/image/platforms";
import { namedEngine, runningEngine, type Engine } from "./targets/docker/engine";
import { Failure } from "./failure";
import { completeLock, RESOLVED_LOCK } from "./image-lock";
import { localBackend } from "./local-backend";
import { ensureRegistryContainer } from "./local-registry";
import { ensurePulumi, OFFICIAL_HOME } from "./pulumi-cli";
import { requirePush } from "./registry-login";
import { chooseToolchain } from "./toolchain";
import { Workspace } from "./workspace";

export interface Machine {
  readonly workspace: Workspace;
  readonly docker: Docker;
  /** Registry and path prefix that first-party images are pushed to. */
  readonly registry: string;
  /** Whether the engine's own builder builds the working tree: it pushes as the engine does. */
  readonly engineBuilds?: boolean;
}

export interface MachineNeeds {
  /** A Docker Engine that answers. */
  readonly docker?: boolean;
  /** What running a stack needs: an engine, and a lock with all third-party images. */
  readonly images?: boolean;
  /** What building the working tree needs on top: a builder, and a registry to push to. */
  readonly workingTree?: boolean;
  /** A builder for these platforms with the base image of each, and a registry; nothing that a start needs beyond. */
  readonly platforms?: typeof PLATFORMS;
}

/** For commands that only read a stack's state: a backend that is a folder is read without Pulumi. */
export async function stateWorkspace(checkout: string): Promise<Workspace> {
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  return localBackend(workspace) === undefined ? (await prepareMachine(checkout, {})).workspace : workspace;
}

/** @throws Failure that says what is missing and how to get it. */
export async function prepareMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  if ((await chooseToolchain(checkout)) === "official") return officialMachine(checkout, needs);
  const { ensureMachine } = await import("../toolchain");
  // The substitutes that a stack runs are built and pushed here: whoever runs one has builder and registry.
  const runs = needs.images === true || needs.workingTree === true;
  const made = await ensureMachine(checkout, {
    pulumi: true,
    docker: needs.docker === true || runs,
    ...(runs ? { images: "all" as const } : {}),
    ...(needs.platforms === undefined ? {} : { images: ["python"], platforms: needs.platforms }),
  });
  const { preparePulumiHome } = await import("../toolchain/pulumi/home");
  const home = await preparePulumiHome(checkout, made.pulumiFolder);
  const { docker, variables } = namedEngine();
  const tools = { env: { ...home.env, ...made.env, ...variables }, standIns: home.standIns };
  return { workspace: new Workspace(checkout, tools), docker, registry: chosenRegistry() ?? made.registry };
}

/** The registry that the environment names. */
export const chosenRegistry = (): string | undefined => process.env.RALEX_REGISTRY || undefined;

async function officialMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  const isBuilding = needs.workingTree === true || needs.platforms !== undefined;
  const asksEngine = needs.docker === true || needs.images === true || isBuilding;
  // Before anything is installed.
  const engine = asksEngine ? await runningEngine() : namedEngine();
  if (isBuilding) await requireBuilder(engine, needs.platforms);
  const pulumi = await ensurePulumi(checkout);
  const lock = await officialLock(checkout, asksEngine ? engine : undefined);
  const registry = isBuilding ? await pushedTo(checkout, engine, lock) : (chosenRegistry() ?? "");
  const env = {
    PATH: [path.dirname(pulumi.program), process.env.PATH ?? ""].join(path.delimiter),
    // Plugins are kept there too; whoever keeps them elsewhere says so.
    PULUMI_HOME: process.env.PULUMI_HOME || path.join(checkout, OFFICIAL_HOME),
    ...engine.variables,
    ...(lock === undefined ? {} : { RALEX_IMAGES_LOCK: lock }),
  };
  const workspace = new Workspace(checkout, { env, standIns: [] });
  return { workspace, docker: engine.docker, registry, engineBuilds: needs.platforms === undefined };
}

/** Whoever names a lock has said what to run; substitutes that this machine made earlier are not run unasked. */
async function officialLock(checkout: string, engine: Engine | undefined): Promise<string | undefined> {
  const named = process.env.RALEX_IMAGES_LOCK;
  if (named !== undefined && named !== "") return path.resolve(checkout, named);
  if (engine !== undefined) return completeLock(checkout, engine.docker);
  const resolved = path.join(checkout, RESOLVED_LOCK);
  return fs.existsSync(resolved) ? resolved : undefined;
}

async function pushedTo(checkout: string, engine: Engine, lock: string | undefined): Promise<string> {
  const chosen = chosenRegistry();
  if (chosen === undefined) {
    const images = lock === undefined ? readLock(checkout) : ImageLock.read(lock);
    return ensureRegistryContainer(engine, images.ref("registry").toString());
  }
  await requirePush(chosen);
  return chosen;
}

/** @throws Failure where Docker's builder cannot build what is asked for. */
async function requireBuilder({ variables }: Engine, platforms: MachineNeeds["platforms"]): Promise<void> {
  if (platforms !== undefined) {
    const problems = await builderProblems(platforms, variables);
    if (problems.length > 0) throw new Failure(`Docker's builder cannot build a release:\n  ${problems.join("\n  ")}`);
    return;
  }
  const { failed, stderr } = await execa("docker", ["buildx", "version"], { reject: false, stdin: "ignore" });
  if (failed) {
    throw new Failure(
      `docker buildx does not work here, and images are built with it: ${lastLine(stderr) || "docker is not installed"}\n` +
        "Docker Desktop has it; elsewhere install docker-buildx-plugin (Docker's packages) or docker-buildx (Debian's, Ubuntu's)",
    );
  }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

/**
 * Why the builder of Docker that is in use does not build for all of the platforms, each with what to do. It is started
 * where it is not: before that it does not say what it can.
 * @param variables - what names the engine; what Pulumi's plugin gets.
 */
export async function builderProblems(
  platforms: readonly string[],
  variables: Engine["variables"] = {},
): Promise<readonly string[]> {
  const { failed, stdout, stderr } = await execa("docker", ["buildx", "inspect", "--bootstrap"], {
    env: { ...variables },
    reject: false,
    stdin: "ignore",
  });
  if (failed) return [`docker buildx does not work here: ${stderr.trim() || "docker is not installed"}`];
  const offered = [...stdout.matchAll(/^Platforms:\s*(.*)$/gm)].flatMap(([, list = ""]) => list.split(/[,\s*]+/));
  const missing = platforms.filter((platform) => !offered.includes(platform));
  const isPlainDocker = /^Driver:\s*docker\s*$/m.test(stdout);
  return [
    ...(isPlainDocker
      ? [
          // Its own network, so that it reaches a registry on loopback; globally, since a choice holds for one context.
          "it cannot push for several platforms: docker buildx create --name ralex --driver docker-container " +
            "--driver-opt network=host && docker buildx use --global ralex",
        ]
      : []),
    ...(missing.length > 0
      ? [
          `it does not run programs for ${missing.join(", ")}: docker run --privileged --rm tonistiigi/binfmt --install all`,
        ]
      : []),
  ];
}
