/** What is checked before anything is made, so that a start that cannot work leaves nothing behind. */
import * as fs from "node:fs";
import * as net from "node:net";
import type Docker from "dockerode";
import { DEPLOYMENT_LABEL, STACK_LABEL } from "../components/docker/identity";
import { readLock } from "../components/image/lock";
import { PORT_SETTINGS, type Settings } from "../components/settings/schema";
import { identityIn } from "./deployment";
import { isPulled } from "./engine-images";
import { Failure } from "./failure";
import { resourcesOf, type Recorded } from "./local-backend";
import type { Machine } from "./machine";
import { PROJECT } from "./project";

/** Room for the images (about 3 GiB unpacked), their layers while they are pulled, and some data. */
const LEAST_FREE_GIB = 6;
/** Room that an already pulled stack needs to go on. */
const LEAST_FREE_GIB_PULLED = 1;

/** @throws Failure with every problem, before anything of the stack is changed. */
export async function preflight({ workspace, docker }: Machine, stack: string, settings: Settings): Promise<void> {
  const pulled = await isPulled(docker, readLock(workspace.checkout, workspace.environment));
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
  const foreign = await otherDeployments(docker, stack, resources);
  const problems = [
    ...foreign,
    // Their ports would be named again.
    ...(foreign.length > 0 ? [] : await takenPorts(docker, resources, settings)),
    ...(await fullDisk(docker, pulled ? LEAST_FREE_GIB_PULLED : LEAST_FREE_GIB)),
  ];
  if (problems.length > 0) throw new Failure(`nothing of ${stack} was changed:\n  ${problems.join("\n  ")}`);
}

/** Two deployments of one stack's name cannot be on one engine: their containers and volumes would have one name. */
async function otherDeployments(
  docker: Docker,
  stack: string,
  resources: readonly Recorded[],
): Promise<readonly string[]> {
  const filters = { label: [`${STACK_LABEL}=${stack}`] };
  const [containers, volumes, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters: JSON.stringify(filters) as never }),
    docker.listNetworks({ filters }),
  ]);
  const own = identityIn(resources)?.id;
  const known = new Set(resources.map(({ id }) => id));
  const found = [
    ...containers.map(({ Id, Labels }) => ({ id: Id, labels: Labels })),
    ...(volumes.Volumes ?? []).map(({ Name, Labels }) => ({ id: Name, labels: Labels })),
    ...networks.map(({ Id, Labels }) => ({ id: Id, labels: Labels })),
  ];
  const isForeign = found.some(
    ({ id, labels }) => !known.has(id) && (own === undefined || labels?.[DEPLOYMENT_LABEL] !== own),
  );
  if (!isForeign) return [];
  return [
    `the stack ${stack} of another checkout or backend is on this engine: ` +
      `remove it there (./ralex reset -s ${stack}), or, if its state is lost, with ` +
      `docker rm -f, docker network rm and docker volume rm on what docker ps -a, docker network ls and ` +
      `docker volume ls --filter label=${STACK_LABEL}=${stack} list`,
  ];
}

async function takenPorts(
  docker: Docker,
  resources: readonly Recorded[],
  settings: Settings,
): Promise<readonly string[]> {
  const known = new Set(resources.map(({ id }) => id));
  const containers = (await docker.listContainers()).filter(({ Id }) => known.has(Id));
  const own = new Set(containers.flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort)));
  const problems: string[] = [];
  for (const setting of PORT_SETTINGS) {
    const port = settings[setting];
    const operator = !["webPort", "apiPort", "tlsPort"].includes(setting);
    if ((operator && !settings.operatorListeners) || own.has(port) || (await isFree(port))) continue;
    problems.push(
      `port ${port} of 127.0.0.1 is taken by another program: stop it, or set ralex:${setting} to a free port`,
    );
  }
  return problems;
}

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
