/** What a command runs on: the official tools where they are or can be had, or what the toolchain makes itself. */
import type { PLATFORMS } from "../components/image/platforms";
import type { TargetName } from "../components/settings/targets";
import { chosenRegistry, engineVariables, officialMachine } from "./builder";
import { targetOf } from "./settings";
import { commandFolder } from "./stack-config";
import { chooseToolchain } from "./toolchain";
import { Workspace } from "./workspace";

export interface Machine {
  readonly workspace: Workspace;
  /** Registry and path prefix that first-party images are pushed to. */
  readonly registry: string;
  /** Whether the engine's own builder builds the working tree: it pushes as the engine does. */
  readonly engineBuilds?: boolean;
}

export interface MachineNeeds {
  /** Stacks that Pulumi is to work on: their targets may need plugins of their own. */
  readonly stacks?: readonly string[];
  /** A Docker Engine that answers. */
  readonly docker?: boolean;
  /** What running a stack needs: an engine, and a lock with all third-party images. */
  readonly images?: boolean;
  /** What building the working tree needs on top: a builder, and a registry to push to. */
  readonly workingTree?: boolean;
  /** A builder for these platforms with the base image of each, a registry, and the third-party images of a release. */
  readonly platforms?: typeof PLATFORMS;
}

/** For commands that only read a stack's state: a folder and a bucket of S3 are read without Pulumi. */
export async function stateWorkspace(checkout: string): Promise<Workspace> {
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  return workspace.backend.isReadHere ? workspace : (await prepareMachine(checkout, {})).workspace;
}

/** The provider of Kubernetes leaves copies of the kubeconfig among the temporary files: these go with the command. */
const withOwnTemporaries = (workspace: Workspace, targets: ReadonlySet<TargetName>): Workspace =>
  targets.has("kubernetes") ? workspace.with({ TMPDIR: commandFolder(workspace) }) : workspace;

/** @throws Failure that says what is missing and how to get it. */
export async function prepareMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  const targets = new Set((needs.stacks ?? []).map((stack) => targetOf(checkout, stack)));
  const official = (await chooseToolchain(checkout)) === "official";
  const machine = official ? await officialMachine(checkout, needs) : await localMachine(checkout, needs, targets);
  return { ...machine, workspace: withOwnTemporaries(machine.workspace, targets) };
}

async function localMachine(checkout: string, needs: MachineNeeds, targets: ReadonlySet<TargetName>): Promise<Machine> {
  const { ensureMachine } = await import("../toolchain");
  // The substitutes that a stack runs are built and pushed here: whoever runs one has builder and registry.
  const runs = needs.images === true || needs.workingTree === true;
  const made = await ensureMachine(checkout, {
    pulumi: true,
    docker: needs.docker === true || runs,
    ...(runs ? { images: targets.has("kubernetes") ? ("all" as const) : ("engine" as const) } : {}),
    ...(needs.platforms === undefined ? {} : { images: "all" as const, platforms: needs.platforms }),
  });
  const { preparePulumiHome } = await import("../toolchain/pulumi/home");
  const { linkTargetPlugins } = await import("../toolchain/pulumi/target-plugins");
  const home = await preparePulumiHome(checkout, made.pulumiFolder);
  await linkTargetPlugins(home.home, targets);
  const tools = { env: { ...home.env, ...made.env, ...engineVariables() }, standIns: home.standIns };
  return { workspace: new Workspace(checkout, tools), registry: chosenRegistry() ?? made.registry };
}
