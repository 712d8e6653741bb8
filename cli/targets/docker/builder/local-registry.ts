/**
 * The registry that builds are pushed to where no other is named: a container of the engine, on loopback alone.
 *
 * It belongs to the engine and not to a stack, so that every checkout pushes to the same one, and `reset` leaves it: what
 * was pushed may run elsewhere. The engine reaches it itself, also where it runs in a virtual machine.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { Engine } from "../engine";
import { Failure } from "../../../failure";
import { isFree } from "../../../free-port";

export const REGISTRY_CONTAINER = "ralex-registry";
/** Label with the port of 127.0.0.1; it stays the same, since references to images hold it. */
export const REGISTRY_LABEL = "ralex.registry";
const VOLUME = "ralex-registry";
const HOST = "127.0.0.1";
const FIRST_PORT = 5055;
/** Ports that are tried, one after the other. */
const PORTS = 20;
/** How long a started registry may take to answer, in milliseconds. */
const ANSWER_MS = 30_000;

/**
 * Makes sure that the registry's container runs and answers, pulling its image first where that is missing.
 * @param image - the registry's image, by digest.
 * @returns its `host:port`
 * @throws Failure with what to do, where it cannot run or is out of reach from here.
 */
export async function ensureRegistryContainer({ docker, address }: Engine, image: string): Promise<string> {
  if (!isHere(address.host)) {
    throw new Failure(
      `the engine ${address.host} (${address.from}) is on another machine, and a registry on its loopback cannot be ` +
        "asked from here: set RALEX_REGISTRY to one that both reach, for instance ghcr.io/<you>",
    );
  }
  const present = await find(docker);
  const port = present === undefined ? await make(docker, image) : await wake(docker, present);
  await answers(port);
  return `${HOST}:${port}`;
}

const isHere = (host: string): boolean =>
  host.startsWith("unix://") || /^tcp:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\]):/.test(host);

async function find(docker: Docker): Promise<Docker.ContainerInfo | undefined> {
  const labelled = await docker.listContainers({ all: true, filters: { label: [REGISTRY_LABEL] } });
  return labelled.find(({ Names }) => Names.includes(`/${REGISTRY_CONTAINER}`));
}

async function wake(docker: Docker, { Id, State, Labels }: Docker.ContainerInfo): Promise<number> {
  const port = Number(Labels[REGISTRY_LABEL]);
  if (State === "running") return port;
  console.error(`starting the registry ${REGISTRY_CONTAINER} on ${HOST}:${port}`);
  await docker
    .getContainer(Id)
    .start()
    .catch((error: Error) => {
      throw new Failure(
        `the registry ${REGISTRY_CONTAINER} does not start: ${error.message}\nfree its port ${port}, or let it take ` +
          `another: docker rm -f ${REGISTRY_CONTAINER} (what was pushed stays in the volume ${VOLUME})`,
      );
    });
  return port;
}

async function make(docker: Docker, image: string): Promise<number> {
  await pull(docker, image);
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port += 1) {
    if (!(await isFree(port))) continue;
    const container = await create(docker, image, port);
    try {
      await container.start();
      console.error(`started the registry ${REGISTRY_CONTAINER} on ${HOST}:${port}, with its data in a volume`);
      return port;
    } catch (error) {
      await container.remove({ force: true });
      // What is bound where the engine runs cannot always be seen from here.
      if (!/already allocated|already in use/i.test((error as Error).message)) throw error;
    }
  }
  throw new Failure(
    `no port of ${HOST} from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} is free for a registry: free one, or set RALEX_REGISTRY`,
  );
}

/** @throws Failure where a container of the name is somebody else's. */
const create = (docker: Docker, image: string, port: number): Promise<Docker.Container> =>
  docker
    .createContainer({
      name: REGISTRY_CONTAINER,
      Image: image,
      Labels: { [REGISTRY_LABEL]: String(port) },
      Env: ["REGISTRY_STORAGE_DELETE_ENABLED=true", "OTEL_TRACES_EXPORTER=none"],
      ExposedPorts: { "5000/tcp": {} },
      HostConfig: {
        PortBindings: { "5000/tcp": [{ HostIp: HOST, HostPort: String(port) }] },
        RestartPolicy: { Name: "unless-stopped" },
        Mounts: [{ Type: "volume", Source: VOLUME, Target: "/var/lib/registry" }],
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
      },
    })
    .catch((error: Error & { statusCode?: number }) => {
      if (error.statusCode !== 409) throw error;
      throw new Failure(
        `a container ${REGISTRY_CONTAINER} is there that was not made here: rename or remove it, or set RALEX_REGISTRY`,
      );
    });

async function pull(docker: Docker, image: string): Promise<void> {
  const isThere = await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (isThere) return;
  console.error(`pulling ${image}`);
  const stream = (await docker.pull(image)) as NodeJS.ReadableStream;
  const said = await new Promise<readonly { readonly error?: string }[]>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, events: readonly { readonly error?: string }[]) =>
      error === null ? resolve(events) : reject(error),
    );
  });
  // The engine has answered by then, and tells of a failure among the events.
  const failure = said.find(({ error }) => error !== undefined)?.error;
  if (failure !== undefined) throw new Failure(`the registry's image ${image} cannot be pulled: ${failure}`);
}

async function answers(port: number): Promise<void> {
  const end = Date.now() + ANSWER_MS;
  let said = "";
  while (Date.now() < end) {
    try {
      const { status } = await fetch(`http://${HOST}:${port}/v2/`, { signal: AbortSignal.timeout(2_000) });
      if (status === 200) return;
      said = `HTTP ${status}`;
    } catch (error) {
      said = error instanceof Error ? error.message : String(error);
    }
    await sleep(200);
  }
  throw new Failure(
    `the registry at ${HOST}:${port} does not answer (${said}): docker logs ${REGISTRY_CONTAINER} says why`,
  );
}
