/** What of a stack's state is gone from the engine, and what of the engine is in no state. */
import type Docker from "dockerode";
import { commandLine } from "../../../components/command-line";
import { FILES_LABEL, STACK_LABEL } from "../../../components/docker/labels";
import { Failure } from "../../failure";
import { resourcesOf } from "../../backend/resources";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import { identityIn, labelFilter } from "./deployment";

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const FILES = "ralex:docker:Files";

/**
 * Whether something of the stack's state is gone from the engine, or a container that is to run is stopped. An update
 * that does not look first would find nothing to do, or use what is not there. Asks the engine three questions.
 */
export async function lacksSomething(workspace: Workspace, docker: Docker, stack: string): Promise<boolean> {
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
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
export async function sweepOrphans(workspace: Workspace, docker: Docker, stack: string): Promise<void> {
  const resources = await resourcesOf(workspace, PROJECT, stack);
  if (resources === undefined) return refuseUnknown(workspace, docker, stack);
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

async function refuseUnknown(workspace: Workspace, docker: Docker, stack: string): Promise<void> {
  const label = `${STACK_LABEL}=${stack}`;
  const containers = await docker.listContainers({ all: true, filters: { label: [label] } });
  if (containers.length === 0) return;
  throw new Failure(
    `${containers.length} containers of ${stack} are on this engine, and the backend ${workspace.backend.address} does ` +
      `not know ${PROJECT}/${stack}: set PULUMI_BACKEND_URL to the one that does. If its state is lost, remove them ` +
      `(docker rm -f $(${commandLine("docker", "ps", "-aq", "--filter", `label=${label}`)})); volumes keep the data`,
  );
}
