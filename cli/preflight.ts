/** What is checked before anything is made, so that a start that cannot work leaves nothing behind. */
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import type Docker from "dockerode";
import { commandLine, ralex } from "../components/command-line";
import { CHECKOUT_LABEL, STACK_LABEL } from "../components/docker/identity";
import { PORT_SETTINGS, type Settings } from "../components/settings/schema";
import { Failure } from "./failure";
import { besideSteps, type FreeChoice } from "./preflight/beside";
import { freeSubnet, subnetProblems, type MachineAddress } from "./preflight/subnet";

/** Room for the images (about 3 GiB unpacked), their layers while they are pulled, and some data. */
const LEAST_FREE_GIB = 6;
/** Room that an already pulled stack needs to go on. */
const LEAST_FREE_GIB_PULLED = 1;

/**
 * @param pulled - whether the stack's images are on the engine already.
 * @param addresses - IPv4 addresses of this machine.
 * @throws Failure with every problem.
 */
export async function preflight(
  docker: Docker,
  checkout: string,
  stack: string,
  settings: Settings,
  pulled: boolean,
  addresses: readonly MachineAddress[] = machineAddresses(),
): Promise<void> {
  const foreign = await otherCheckouts(docker, checkout, stack, settings, addresses);
  const problems = [
    ...whyNoFiles(),
    ...foreign,
    // Their ports would be named again.
    ...(foreign.length > 0 ? [] : await takenPorts(docker, checkout, stack, settings)),
    ...(foreign.length > 0 ? [] : await takenSubnet(docker, checkout, stack, settings, addresses)),
    ...(await fullDisk(docker, pulled ? LEAST_FREE_GIB_PULLED : LEAST_FREE_GIB)),
  ];
  if (problems.length > 0) throw new Failure(`the stack was not started:\n  ${problems.join("\n  ")}`);
}

/**
 * Every container reads its configuration and secrets from files that belong to its own user, so that nobody else reads
 * them; only root may give a file to another user. Told before anything is installed or built.
 * @throws Failure where that cannot be done.
 */
export function requireFileOwners(): void {
  const [problem] = whyNoFiles();
  if (problem !== undefined) throw new Failure(problem);
}

/** Windows knows no user ids, and takes every owner. */
function whyNoFiles(): readonly string[] {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return [];
  return [
    `root is needed, and this is user ${uid}: each container's files, its secrets among them, have to belong to ` +
      "the container's own user, and only root may give a file to another user. Run this as root (sudo)",
  ];
}

/** Two checkouts cannot run a stack of one name on one engine: their containers and volumes would have one name. */
async function otherCheckouts(
  docker: Docker,
  checkout: string,
  stack: string,
  settings: Settings,
  addresses: readonly MachineAddress[],
): Promise<readonly string[]> {
  const label = `${STACK_LABEL}=${stack}`;
  const [containers, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters: { label: [label] } }),
    docker.listVolumes({ filters: JSON.stringify({ label: [label] }) as never }),
  ]);
  const owners = [...containers, ...(volumes.Volumes ?? [])].map(({ Labels }) => Labels?.[CHECKOUT_LABEL] ?? "nobody");
  const others = [...new Set(owners)].filter((owner) => owner !== checkout);
  if (others.length === 0) return [];
  const filter = commandLine("--filter", `label=${label}`);
  const problems = others.map(
    (owner) =>
      `the stack ${stack} of another checkout (${owner}) is on this engine: remove it there ` +
      `(${commandLine("cd", owner)} && ${ralex("reset", "-s", stack)}), or, if the checkout is gone, with\n` +
      `    docker ps -aq ${filter} | xargs -r docker rm -f\n` +
      `    docker volume ls -q ${filter} | xargs -r docker volume rm`,
  );
  return [...problems, ...(await besideSteps(checkout, stack, settings, await freeChoice(docker, addresses)))];
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

async function takenPorts(
  docker: Docker,
  checkout: string,
  stack: string,
  settings: Settings,
): Promise<readonly string[]> {
  const containers = await docker.listContainers({ filters: { label: [`${STACK_LABEL}=${stack}`] } });
  const own = new Set(containers.flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort)));
  const problems: string[] = [];
  for (const setting of PORT_SETTINGS) {
    const port = settings[setting];
    const operator = !["webPort", "apiPort", "tlsPort"].includes(setting);
    if ((operator && !settings.operatorListeners) || own.has(port) || (await isFree(port))) continue;
    const holder = (await docker.listContainers()).find(({ Ports }) =>
      Ports.some(({ PublicPort }) => PublicPort === port),
    );
    problems.push(
      `port ${port} of 127.0.0.1 is taken by ${holderOf(holder, checkout)}, or set ralex:${setting} to a free port`,
    );
  }
  return problems;
}

/** Who has a port, and how to get it back. */
function holderOf(container: Docker.ContainerInfo | undefined, checkout: string): string {
  if (container === undefined) return "another program: stop it";
  const stack = container.Labels[STACK_LABEL];
  if (stack === undefined) {
    const name = container.Names[0]?.replace(/^\//, "") ?? container.Id;
    return `the container ${name}: stop it (${commandLine("docker", "stop", name)})`;
  }
  const owner = container.Labels[CHECKOUT_LABEL] ?? checkout;
  const stop = ralex("stop", "-s", stack);
  return owner === checkout
    ? `the stack ${stack}: stop it (${stop})`
    : `the stack ${stack} of another checkout (${owner}): stop it (${commandLine("cd", owner)} && ${stop})`;
}

async function takenSubnet(
  docker: Docker,
  checkout: string,
  stack: string,
  settings: Settings,
  addresses: readonly MachineAddress[],
): Promise<readonly string[]> {
  const networks = await docker.listNetworks();
  return subnetProblems(
    settings.subnet,
    networks,
    ({ Labels }) => Labels?.[STACK_LABEL] === stack && Labels[CHECKOUT_LABEL] === checkout,
    addresses,
  );
}

/** IPv4 addresses of this machine. */
const machineAddresses = (): readonly MachineAddress[] =>
  Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => ({ name, address })),
  );

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });

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
