/** Puts right what an interrupted command left behind. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import { commandLine } from "../components/command-line";
import { CHECKOUT_LABEL, STACK_LABEL } from "../components/docker/identity";
import { Failure } from "./failure";
import { backendUrl, localBackend, resourcesInState } from "./local-backend";
import type { Workspace } from "./workspace";

interface LockOwner {
  readonly pid: number;
  readonly hostname: string;
}

/** How long a process that was told to end may take to be gone, in milliseconds. */
const DYING_MS = 3_000;

/** How long the owner of a lock may take to write it, in milliseconds. */
const WRITING_MS = 500;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const stat = `/proc/${pid}/stat`;
  // A zombie has ended; only its parent has not asked yet. The state stands behind the name in parentheses.
  return !fs.existsSync(stat) || !/\) Z /.test(fs.readFileSync(stat, "utf8"));
}

/** Whether a process lives on; one that was just killed gets the time to be gone. */
async function isAlive(pid: number): Promise<boolean> {
  const end = Date.now() + DYING_MS;
  while (exists(pid)) {
    if (Date.now() > end) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** A lock's text, once it is written; undefined when its owner has removed it meanwhile. */
async function lockText(file: string): Promise<string | undefined> {
  const end = Date.now() + WRITING_MS;
  for (;;) {
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
    if (text === undefined || text.trim() !== "" || Date.now() > end) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Cancels the lock of an update whose process is dead; a live one is never disturbed.
 * @throws Failure when another update runs.
 */
export async function cancelStaleLock(workspace: Workspace, project: string, stack: string): Promise<void> {
  const backend = localBackend(workspace);
  if (backend === undefined) return;
  const folder = path.join(backend, "locks", "organization", project, stack);
  const locks = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  for (const lock of locks) {
    const file = path.join(folder, lock);
    const text = await lockText(file);
    if (text === undefined) continue;
    // A lock that was being written when its owner died is empty.
    const owner = text.trim() === "" ? undefined : (JSON.parse(text) as LockOwner);
    if (owner !== undefined && (owner.hostname !== os.hostname() || (await isAlive(owner.pid)))) {
      throw new Failure(
        `another command is working on ${project}/${stack} (process ${owner.pid} on ${owner.hostname}): wait until it is done`,
      );
    }
    console.error(`removing the lock of an interrupted command (process ${owner?.pid ?? "unknown"}, gone)`);
    fs.rmSync(file, { force: true });
  }
}

/**
 * Whether a container, network or volume of the stack's state is gone, or a container that is to run is stopped. An
 * update that does not look first would find nothing to do. Asks the engine three questions; of a backend that is no
 * folder nothing is known here, and the answer is no.
 */
export async function lacksSomething(
  workspace: Workspace,
  docker: Docker,
  project: string,
  stack: string,
): Promise<boolean> {
  const backend = localBackend(workspace);
  const resources = backend === undefined ? [] : (resourcesInState(backend, project, stack) ?? []);
  if (!resources.some(({ type }) => type === "docker:index/container:Container")) return false;
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  const state = new Map(containers.map(({ Id, State }) => [Id, State]));
  const others = new Set([...networks.map(({ Id }) => Id), ...(Volumes ?? []).map(({ Name }) => Name)]);
  return resources.some(({ id = "", type, inputs }) => {
    if (type === "docker:index/network:Network" || type === "docker:index/volume:Volume") return !others.has(id);
    if (type !== "docker:index/container:Container") return false;
    const runs = inputs?.start !== false && inputs?.mustRun !== false;
    return runs ? ["created", "exited", "dead", undefined].includes(state.get(id)) : !state.has(id);
  });
}

/**
 * Removes containers and networks that carry this checkout's labels and are in no state: an interrupted command made
 * them and could not write it down. Volumes are left alone; they hold data, and the next start takes them over.
 * @throws Failure when the backend does not know the stack at all: then it is the wrong one, and nothing is removed.
 */
export async function sweepOrphans(
  workspace: Workspace,
  docker: Docker,
  project: string,
  stack: string,
): Promise<void> {
  const backend = localBackend(workspace);
  if (backend === undefined) return;
  const label = [`${STACK_LABEL}=${stack}`, `${CHECKOUT_LABEL}=${workspace.checkout}`];
  const containers = await docker.listContainers({ all: true, filters: { label } });
  const resources = resourcesInState(backend, project, stack);
  if (resources === undefined) {
    if (containers.length === 0) return;
    const filters = label.flatMap((one) => ["--filter", `label=${one}`]);
    throw new Failure(
      `${containers.length} containers of ${stack} are on this engine, and the backend ${backendUrl(workspace)} does ` +
        `not know ${project}/${stack}: set PULUMI_BACKEND_URL to the one that does. If its state is lost, remove them ` +
        `(docker rm -f $(${commandLine("docker", "ps", "-aq", ...filters)})); volumes keep the data`,
    );
  }
  const known = new Set(resources.flatMap(({ id }) => (id === undefined ? [] : [id])));
  for (const { Id, Names } of containers) {
    if (known.has(Id)) continue;
    console.error(`removing container ${Names.join(", ")}, which an interrupted command left behind`);
    await docker.getContainer(Id).remove({ force: true });
  }
  for (const { Id, Name } of await docker.listNetworks({ filters: { label } })) {
    if (known.has(Id)) continue;
    console.error(`removing network ${Name}, which an interrupted command left behind`);
    await docker.getNetwork(Id).remove();
  }
}
