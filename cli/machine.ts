/** What a command runs on: the official tools where they are, or what the toolchain makes of package registries. */
import * as fs from "node:fs";
import * as path from "node:path";
import Docker from "dockerode";
import execa from "execa";
import { cacheRoot } from "../toolchain/paths";
import { Failure } from "./failure";
import { Workspace } from "./workspace";

/** The version of the CLI that the checkout is tested with; `.pulumi.version` says the same. */
const PULUMI_VERSION = "3.259.0";

export interface Machine {
  readonly workspace: Workspace;
  readonly docker: Docker;
  /** Registry and path prefix that first-party images are pushed to. */
  readonly registry: string;
}

export interface MachineNeeds {
  /** A Docker Engine that answers. */
  readonly docker?: boolean;
  /** Everything that a start needs: builder, registry, third-party images. */
  readonly images?: boolean;
}

/** Whether the official Pulumi CLI is to be used: when it is installed, or when `RALEX_TOOLCHAIN` says so. */
function isOfficial(): boolean {
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

/** @throws Failure that says what is missing and how to get it. */
export async function prepareMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  if (isOfficial()) return officialMachine(checkout, needs);
  const { ensureMachine } = await import("../toolchain");
  const made = await ensureMachine(checkout, {
    pulumi: true,
    docker: needs.docker === true || needs.images === true,
    ...(needs.images === true ? { images: "all" as const } : {}),
  });
  const { preparePulumiHome } = await import("../toolchain/pulumi/home");
  const home = await preparePulumiHome(checkout, made.pulumiFolder);
  const tools = { env: { ...home.env, ...made.env }, standIns: home.standIns };
  return { workspace: new Workspace(checkout, tools), docker: new Docker(), registry: made.registry };
}

async function officialMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  const { stdout, failed } = await execa("pulumi", ["version"], { reject: false, stdin: "ignore" });
  if (failed) throw new Failure(`Pulumi is not installed: install version ${PULUMI_VERSION} and run this again`);
  if (stdout.trim() !== `v${PULUMI_VERSION}`) {
    console.error(`pulumi ${stdout.trim()} is installed; this checkout is tested with v${PULUMI_VERSION}`);
  }
  const docker = new Docker();
  if (needs.docker === true || needs.images === true) {
    await docker.ping().catch(() => {
      throw new Failure("no Docker Engine answers: install Docker, start it, and run this again");
    });
  }
  const registry = process.env.RALEX_REGISTRY;
  if (needs.images === true && registry === undefined) {
    throw new Failure("set RALEX_REGISTRY to a registry that this machine may push to, for instance 127.0.0.1:5000");
  }
  return { workspace: new Workspace(checkout, { env: {}, standIns: [] }), docker, registry: registry ?? "" };
}
