/** What is checked before anything is changed, so that an update that cannot work leaves everything as it is. */
import * as fs from "node:fs";
import * as os from "node:os";
import type Docker from "dockerode";
import { commandLine, ralex } from "../../../components/command-line";
import { DEPLOYMENT_LABEL, STACK_LABEL } from "../../../components/docker/labels";
import { ImageRef } from "../../../components/image/image-ref";
import { type ImageLock, readLock } from "../../../components/image/lock";
import { mirrored } from "../../../components/image/mirror";
import { runNames } from "../../../components/image/third-party";
import { PORT_SETTINGS } from "../../../components/settings/docker";
import type { Settings } from "../../../components/settings/schema";
import { identityIn } from "./deployment";
import { isPulled } from "./engine-images";
import { Failure } from "../../failure";
import { isFree } from "../../free-port";
import type { Recorded } from "../../backend/checkpoint";
import { resourcesOf } from "../../backend/resources";
import { besideSteps, type FreeChoice } from "./beside";
import { freeSubnet, subnetProblems, type MachineAddress } from "./subnet";
import { PROJECT } from "../../project";
import { namesInUse } from "../../release/images-in-use";
import type { Workspace } from "../../workspace";

/** Room for the images (about 3 GiB unpacked), their layers while they are pulled, and some data. */
const LEAST_FREE_GIB = 6;
/** Room that an already pulled stack needs to go on. */
const LEAST_FREE_GIB_PULLED = 1;

/**
 * @param addresses - IPv4 addresses of this machine.
 * @throws Failure with every problem, before anything of the stack is changed.
 */
export async function preflight(
  { workspace, docker }: { readonly workspace: Workspace; readonly docker: Docker },
  stack: string,
  settings: Settings,
  addresses: readonly MachineAddress[] = machineAddresses(),
): Promise<void> {
  const pulled = await isPulled(docker, await pulledRefs(workspace, settings));
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
  const own = ownership(resources);
  const foreign = await otherDeployments(docker, stack, own);
  const beside = () =>
    freeChoice(docker, addresses).then((free) => besideSteps(workspace.checkout, stack, settings, free));
  const problems = [
    // Their ports and networks would be named again.
    ...(foreign.length > 0
      ? [...foreign, ...(await beside())]
      : [...(await takenPorts(docker, own, settings)), ...(await takenSubnet(docker, own, settings, addresses))]),
    ...(await fullDisk(docker, pulled ? LEAST_FREE_GIB_PULLED : LEAST_FREE_GIB)),
  ];
  if (problems.length > 0) throw new Failure(`nothing of ${stack} was changed:\n  ${problems.join("\n  ")}`);
}

/** What the engine has to pull that is large: of what runs here, the images of the pinned release or of the lock. */
async function pulledRefs({ checkout, environment }: Workspace, settings: Settings): Promise<readonly string[]> {
  const pin = settings.release ?? { id: "lock", images: imagesOfLock(readLock(checkout, environment)) };
  // What the release lacks, the program tells of.
  const refs = (await namesInUse(pin, settings)).flatMap((name) => pin.images[name] ?? []);
  return refs.map((ref) => mirrored(ImageRef.parse(ref), settings.imageMirror).toString());
}

const imagesOfLock = (lock: ImageLock): Readonly<Record<string, string>> =>
  Object.fromEntries(runNames(lock).map((name) => [name, lock.ref(name).toString()]));

type IsOwn = (id: string, labels: Readonly<Record<string, string>> | null | undefined) => boolean;

/** Tells what of the engine is the stack's own: by its state, or by the label of what an interruption left. */
function ownership(resources: readonly Recorded[]): IsOwn {
  const deployment = identityIn(resources)?.id;
  const known = new Set(resources.map(({ id }) => id));
  return (id, labels) => known.has(id) || (deployment !== undefined && labels?.[DEPLOYMENT_LABEL] === deployment);
}

/** Two deployments of one stack's name cannot be on one engine: their containers and volumes would have one name. */
async function otherDeployments(docker: Docker, stack: string, isOwn: IsOwn): Promise<readonly string[]> {
  const label = `${STACK_LABEL}=${stack}`;
  const filters = { label: [label] };
  const [containers, volumes, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters: JSON.stringify(filters) as never }),
    docker.listNetworks({ filters }),
  ]);
  const isForeign =
    containers.some(({ Id, Labels }) => !isOwn(Id, Labels)) ||
    (volumes.Volumes ?? []).some(({ Name, Labels }) => !isOwn(Name, Labels)) ||
    networks.some(({ Id, Labels }) => !isOwn(Id, Labels));
  if (!isForeign) return [];
  const filter = commandLine("--filter", `label=${label}`);
  return [
    `a stack ${stack} of another checkout or backend is on this engine: remove it there ` +
      `(${ralex("reset", "-s", stack)}), or, if its state is lost, with all its data by\n` +
      `    docker ps -aq ${filter} | xargs -r docker rm -f\n` +
      `    docker network ls -q ${filter} | xargs -r docker network rm\n` +
      `    docker volume ls -q ${filter} | xargs -r docker volume rm`,
  ];
}

/** What another stack on this engine can have. */
async function freeChoice(docker: Docker, addresses: readonly MachineAddress[]): Promise<FreeChoice> {
  const subnets = (await docker.listNetworks()).flatMap(({ IPAM }) =>
    (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet?.includes(".") === true ? [Subnet] : [])),
  );
  const published = new Set(
    (await docker.listContainers()).flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort)),
  );
  return {
    subnet: freeSubnet(
      subnets,
      addresses.map(({ address }) => address),
    ),
    isFree: async (port: number) => !published.has(port) && (await isFree(port)),
  };
}

async function takenPorts(docker: Docker, isOwn: IsOwn, settings: Settings): Promise<readonly string[]> {
  const containers = await docker.listContainers();
  const problems: string[] = [];
  for (const setting of PORT_SETTINGS) {
    const port = settings[setting];
    const operator = !["webPort", "apiPort", "tlsPort"].includes(setting);
    if (operator && !settings.operatorListeners) continue;
    const holder = containers.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port));
    if ((holder !== undefined && isOwn(holder.Id, holder.Labels)) || (await isFree(port))) continue;
    problems.push(`port ${port} of 127.0.0.1 is taken by ${holderOf(holder)}, or set ralex:${setting} to a free port`);
  }
  return problems;
}

/** Who has a port, and how to get it back. */
function holderOf(container: Docker.ContainerInfo | undefined): string {
  if (container === undefined) return "another program: stop it";
  const stack = container.Labels[STACK_LABEL];
  if (stack !== undefined) return `the stack ${stack}: stop it in its checkout (${ralex("stop", "-s", stack)})`;
  const name = container.Names[0]?.replace(/^\//, "") ?? container.Id;
  return `the container ${name}: stop it (${commandLine("docker", "stop", name)})`;
}

async function takenSubnet(
  docker: Docker,
  isOwn: IsOwn,
  { subnet }: Settings,
  addresses: readonly MachineAddress[],
): Promise<readonly string[]> {
  const networks = await docker.listNetworks();
  return subnetProblems(subnet, networks, ({ Id, Labels }) => isOwn(Id, Labels), addresses);
}

/** IPv4 addresses of this machine. */
const machineAddresses = (): readonly MachineAddress[] =>
  Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => ({ name, address })),
  );

async function fullDisk(docker: Docker, leastGiB: number): Promise<readonly string[]> {
  const { DockerRootDir: folder } = (await docker.info()) as { DockerRootDir: string };
  // An engine in a virtual machine has a disk that cannot be seen from here.
  if (!fs.existsSync(folder)) return [];
  const { bavail, bsize } = fs.statfsSync(folder);
  const freeGiB = (bavail * bsize) / 2 ** 30;
  if (freeGiB >= leastGiB) return [];
  return [
    `the disk of the Docker Engine (${folder}) has ${freeGiB.toFixed(1)} GiB free and ${leastGiB} are needed: ` +
      "free some, for instance with docker system prune",
  ];
}
