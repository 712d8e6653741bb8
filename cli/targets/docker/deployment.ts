/** What a stack's deployment is called on the engine: from its state, never from a path or the stack's present name. */
import type Docker from "dockerode";
import type { ContainerInfo } from "dockerode";
import { ralex } from "../../../components/command-line";
import { DEPLOYMENT_LABEL, identityName, prefixOf } from "../../../components/docker/labels";
import { Failure } from "../../failure";
import type { Recorded } from "../../backend/checkpoint";
import { resourcesOf } from "../../backend/resources";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";

export interface Deployment {
  /** Hexadecimal digits. */
  readonly id: string;
  /** Start of the names of its containers, networks and volumes. */
  readonly prefix: string;
}

const IDENTITY = identityName("ralex");

/** The identity in a state, or undefined where nothing was deployed with one. */
export function identityIn(resources: readonly Recorded[]): Deployment | undefined {
  const found = resources.find(
    ({ urn, type }) => type === "random:index/randomId:RandomId" && urn.endsWith(`::${IDENTITY}`),
  );
  const { hex, keepers } = (found?.outputs ?? {}) as { hex?: string; keepers?: { stack?: string } };
  if (hex === undefined || keepers?.stack === undefined) return undefined;
  return { id: hex, prefix: prefixOf(keepers.stack) };
}

export async function deploymentOf(workspace: Workspace, stack: string): Promise<Deployment | undefined> {
  return identityIn((await resourcesOf(workspace, PROJECT, stack)) ?? []);
}

/** @throws Failure where the stack was never started. */
export async function requireDeployment(workspace: Workspace, stack: string): Promise<Deployment> {
  const deployment = await deploymentOf(workspace, stack);
  if (deployment === undefined) throw new Failure(`${stack} was never started: ${ralex("start", "-s", stack)}`);
  return deployment;
}

/** For the engine's lists. */
export const labelFilter = ({ id }: Deployment): { readonly label: string[] } => ({
  label: [`${DEPLOYMENT_LABEL}=${id}`],
});

/** Every container of the stack's deployment, stopped ones too; none where nothing was deployed. */
export async function containersOf(
  workspace: Workspace,
  docker: Docker,
  stack: string,
): Promise<readonly ContainerInfo[]> {
  const deployment = await deploymentOf(workspace, stack);
  if (deployment === undefined) return [];
  return docker.listContainers({ all: true, filters: labelFilter(deployment) });
}
