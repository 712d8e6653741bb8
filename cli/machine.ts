/** What a command runs on: the official tools where they are, or what the toolchain makes of package registries. */
import * as fs from "node:fs";
import * as path from "node:path";
import Docker from "dockerode";
import execa from "execa";
import type { PLATFORMS } from "../components/image/platforms";
import { cacheRoot } from "../toolchain/paths";
import { Failure } from "./failure";
import { localBackend } from "./local-backend";
import { Workspace } from "./workspace";

/** The version of the CLI that the checkout is tested with; `.pulumi.version` says the same. */
export const PULUMI_VERSION = "3.259.0";

export interface Machine {
  readonly workspace: Workspace;
  readonly docker: Docker;
  /** Registry and path prefix that first-party images are pushed to. */
  readonly registry: string;
}

export interface MachineNeeds {
  /** A Docker Engine that answers. */
  readonly docker?: boolean;
  /** What running a stack needs: an engine, and on a machine that builds them itself the third-party images. */
  readonly images?: boolean;
  /** What building the working tree needs on top: a builder, and a registry to push to. */
  readonly workingTree?: boolean;
  /** A builder for these platforms with the base image of each, and a registry; nothing that a start needs beyond. */
  readonly platforms?: typeof PLATFORMS;
}

/** Whether the official Pulumi CLI is to be used: when it is installed, or when `RALEX_TOOLCHAIN` says so. */
export function isOfficial(): boolean {
  const choice = process.env.RALEX_TOOLCHAIN ?? "auto";
  if (choice === "official") return true;
  if (choice === "local") return false;
  if (choice !== "auto") {
    throw new Failure(`RALEX_TOOLCHAIN is "${choice}"; allowed are official, local and auto`);
  }
  return findPulumi(process.env.PATH ?? "", cacheRoot()) !== undefined;
}

/** The first `pulumi` of the PATH that the toolchain did not compile: `./ralex env` puts that one there too. */
export function findPulumi(searchPath: string, compiled: string): string | undefined {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => folder !== "" && !path.resolve(folder).startsWith(`${compiled}${path.sep}`))
    .map((folder) => path.join(folder, "pulumi"))
    .find((file) => fs.existsSync(file));
}

/** For commands that only read a stack's state: a backend that is a folder is read without Pulumi. */
export async function stateWorkspace(checkout: string): Promise<Workspace> {
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  return localBackend(workspace) === undefined ? (await prepareMachine(checkout, {})).workspace : workspace;
}

/** @throws Failure that says what is missing and how to get it. */
export async function prepareMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  if (isOfficial()) return officialMachine(checkout, needs);
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
  const tools = { env: { ...home.env, ...made.env }, standIns: home.standIns };
  return {
    workspace: new Workspace(checkout, tools),
    docker: new Docker(),
    registry: chosenRegistry() ?? made.registry,
  };
}

/** @throws Failure with what to do, where no engine answers: the client's own error names a socket and no more. */
export async function requireEngine(docker: Docker): Promise<void> {
  await docker.ping().catch(() => {
    throw new Failure(
      "no Docker Engine answers: install Docker, start it (on a registry-only machine npm start does both), " +
        "let this user reach its socket (group docker), and run this again",
    );
  });
}

/** The registry that the environment names. */
export const chosenRegistry = (): string | undefined => process.env.RALEX_REGISTRY || undefined;

/** The version of the `pulumi` of the PATH, or undefined where there is none. */
export async function pulumiVersion(): Promise<string | undefined> {
  const { stdout, failed } = await execa("pulumi", ["version"], { reject: false, stdin: "ignore" });
  return failed ? undefined : stdout.trim().replace(/^v/, "");
}

async function officialMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  const version = await pulumiVersion();
  if (version === undefined) {
    throw new Failure(`Pulumi is not installed: install version ${PULUMI_VERSION} and run this again`);
  }
  if (version !== PULUMI_VERSION) {
    console.error(`pulumi v${version} is installed; this checkout is tested with v${PULUMI_VERSION}`);
  }
  const docker = new Docker();
  const isBuilding = needs.workingTree === true || needs.platforms !== undefined;
  if (needs.docker === true || needs.images === true || isBuilding) {
    await requireEngine(docker);
  }
  if (needs.platforms !== undefined) {
    const problems = await builderProblems(needs.platforms);
    if (problems.length > 0) throw new Failure(`Docker's builder cannot build a release:\n  ${problems.join("\n  ")}`);
  }
  const registry = chosenRegistry();
  if (isBuilding && registry === undefined) {
    throw new Failure("set RALEX_REGISTRY to a registry that this machine may push to, for instance 127.0.0.1:5000");
  }
  return { workspace: new Workspace(checkout, { env: {}, standIns: [] }), docker, registry: registry ?? "" };
}

/**
 * Why the builder of Docker that is in use does not build for all of the platforms, each with what to do. It is started
 * where it is not: before that it does not say what it can.
 */
export async function builderProblems(platforms: readonly string[]): Promise<readonly string[]> {
  const { failed, stdout, stderr } = await execa("docker", ["buildx", "inspect", "--bootstrap"], {
    reject: false,
    stdin: "ignore",
  });
  if (failed) return [`docker buildx does not work here: ${stderr.trim() || "docker is not installed"}`];
  const offered = [...stdout.matchAll(/^Platforms:\s*(.*)$/gm)].flatMap(([, list = ""]) => list.split(/[,\s*]+/));
  const missing = platforms.filter((platform) => !offered.includes(platform));
  const isPlainDocker = /^Driver:\s*docker\s*$/m.test(stdout);
  return [
    ...(isPlainDocker
      ? ["it cannot push for several platforms: docker buildx create --use --driver docker-container"]
      : []),
    ...(missing.length > 0
      ? [
          `it does not run programs for ${missing.join(", ")}: docker run --privileged --rm tonistiigi/binfmt --install all`,
        ]
      : []),
  ];
}
