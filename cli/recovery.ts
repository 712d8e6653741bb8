/** Puts right what an interrupted command left behind. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import { commandLine } from "../components/command-line";
import { FILES_LABEL, STACK_LABEL } from "../components/docker/labels";
import { identityIn, labelFilter } from "./deployment";
import { Failure } from "./failure";
import { backendUrl, localBackend, resourcesOf, type Recorded } from "./local-backend";
import { commandFolder } from "./stack-config";
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

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const FILES = "ralex:docker:Files";

/**
 * Whether something of the stack's state is gone from the engine, or a container that is to run is stopped. An update
 * that does not look first would find nothing to do, or use what is not there. Asks the engine three questions.
 */
export async function lacksSomething(
  workspace: Workspace,
  docker: Docker,
  project: string,
  stack: string,
): Promise<boolean> {
  const resources = (await resourcesOf(workspace, project, stack)) ?? [];
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  const state = new Map(containers.map(({ Id, State }) => [Id, State]));
  const others = new Set([...networks.map(({ Id }) => Id), ...(Volumes ?? []).map(({ Name }) => Name)]);
  const gone = resources.filter(({ id = "", type }) => [NETWORK, VOLUME, FILES].includes(type) && !others.has(id));
  for (const { id } of gone.filter(({ type }) => type === VOLUME)) {
    console.error(`the volume ${id} is gone, and its data with it: an empty one takes its place`);
  }
  return (
    gone.length > 0 ||
    resources.some(({ id = "", type, inputs }) => {
      if (type !== CONTAINER) return false;
      const runs = inputs?.start !== false && inputs?.mustRun !== false;
      return runs ? ["created", "exited", "dead", undefined].includes(state.get(id)) : !state.has(id);
    })
  );
}

/**
 * Removes containers, networks and volumes of files that carry the deployment's label and are in no state: an
 * interrupted command made them and could not write it down. Volumes with data are left alone, and the next start takes
 * them over.
 * @throws Failure when the backend does not know the stack at all: then it is the wrong one, and nothing is removed.
 */
export async function sweepOrphans(
  workspace: Workspace,
  docker: Docker,
  project: string,
  stack: string,
): Promise<void> {
  const resources = await resourcesOf(workspace, project, stack);
  if (resources === undefined) return refuseUnknown(workspace, docker, project, stack);
  const deployment = identityIn(resources);
  if (deployment === undefined) return;
  const filters = labelFilter(deployment);
  const known = new Set(resources.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const say = (what: string) => console.error(`removing ${what}, which an interrupted command left behind`);
  for (const { Id, Names } of await docker.listContainers({ all: true, filters })) {
    if (known.has(Id)) continue;
    say(`container ${Names.map((name) => name.replace(/^\//, "")).join(", ")}`);
    await docker.getContainer(Id).remove({ force: true });
  }
  for (const { Id, Name } of await docker.listNetworks({ filters })) {
    if (known.has(Id)) continue;
    say(`network ${Name}`);
    await docker.getNetwork(Id).remove();
  }
  const ofFiles = { label: [...filters.label, FILES_LABEL] };
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify(ofFiles) as never });
  for (const { Name } of Volumes ?? []) {
    if (known.has(Name)) continue;
    say(`volume ${Name}`);
    await docker.getVolume(Name).remove();
  }
}

async function refuseUnknown(workspace: Workspace, docker: Docker, project: string, stack: string): Promise<void> {
  const label = `${STACK_LABEL}=${stack}`;
  const containers = await docker.listContainers({ all: true, filters: { label: [label] } });
  if (containers.length === 0) return;
  throw new Failure(
    `${containers.length} containers of ${stack} are on this engine, and the backend ${backendUrl(workspace)} does ` +
      `not know ${project}/${stack}: set PULUMI_BACKEND_URL to the one that does. If its state is lost, remove them ` +
      `(docker rm -f $(${commandLine("docker", "ps", "-aq", "--filter", `label=${label}`)})); volumes keep the data`,
  );
}

/**
 * Takes out of a stack's state what earlier programs kept there as commands: to be removed they would run scripts at the
 * path of the checkout that wrote them, which may have moved.
 */
export async function forgetCommands(workspace: Workspace, project: string, stack: string): Promise<void> {
  const isCommand = ({ type }: Recorded) => type === "command:local:Command" || type === "pulumi:providers:command";
  if (!((await resourcesOf(workspace, project, stack)) ?? []).some(isCommand)) return;
  const name = `organization/${project}/${stack}`;
  const state = JSON.parse(await workspace.capture(["stack", "export", "--stack", name])) as {
    deployment: { resources: readonly (Recorded & { dependencies?: readonly string[] })[] };
  };
  const { resources } = state.deployment;
  const forgotten = new Set(resources.filter(isCommand).map(({ urn }) => urn));
  const kept = resources
    .filter(({ urn }) => !forgotten.has(urn))
    .map((resource) => withoutDependencies(resource, forgotten));
  const file = path.join(commandFolder(workspace), "state.json");
  fs.writeFileSync(file, JSON.stringify({ ...state, deployment: { ...state.deployment, resources: kept } }), {
    mode: 0o600,
  });
  await workspace.capture(["stack", "import", "--stack", name, "--file", file]);
  // What those commands wrote, secrets among it: nothing mounts it any more once the update is through.
  fs.rmSync(workspace.path("files", stack), { recursive: true, force: true });
}

function withoutDependencies(resource: object, forgotten: ReadonlySet<string>): object {
  // They stand in lists: dependencies, and those of single properties.
  return JSON.parse(
    JSON.stringify(resource, (_, value: unknown) =>
      Array.isArray(value) ? value.filter((item) => typeof item !== "string" || !forgotten.has(item)) : value,
    ),
  ) as object;
}
