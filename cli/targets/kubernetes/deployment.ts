/** Where a stack is: from its state, never from the present settings or the current context of kubectl. */
import { ralex } from "../../../components/command-line";
import { connectCluster, type Cluster } from "../../../components/kubernetes/client";
import type { Recorded } from "../../backend/checkpoint";
import { resourcesOf } from "../../backend/resources";
import { Failure } from "../../failure";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";

export interface Deployment {
  /** Context of the kubeconfig. */
  readonly context: string;
  /** UID of the cluster's oldest namespace. */
  readonly uid: string;
  /** Of the application. */
  readonly namespace: string;
  /** Whose pods have access to the nodes. */
  readonly hostAccessNamespaces: readonly string[];
}

/** What the state says of the place; undefined where nothing was deployed on a cluster. */
export function deploymentIn(resources: readonly Recorded[]): Deployment | undefined {
  const { context, uid } = (resources.find(({ type }) => type === "ralex:kubernetes:Cluster")?.outputs ?? {}) as {
    context?: string;
    uid?: string;
  };
  // A namespace is told by what made it: both have the stack's labels.
  const namespacesOf = (component: string) =>
    resources
      .filter(({ urn, type }) => type === NAMESPACE && urn.includes(`$${component}$${NAMESPACE}::`))
      .flatMap(({ outputs }) => (outputs as { metadata?: { name?: string } } | undefined)?.metadata?.name ?? []);
  const [namespace] = namespacesOf("ralex:kubernetes:Namespace");
  if (context === undefined || uid === undefined || namespace === undefined) return undefined;
  return { context, uid, namespace, hostAccessNamespaces: namespacesOf("ralex:kubernetes:Observability") };
}

const NAMESPACE = "kubernetes:core/v1:Namespace";

/** Every namespace of a deployment, that of the application first. */
export const namespacesOf = ({ namespace, hostAccessNamespaces }: Deployment): readonly string[] => [
  namespace,
  ...hostAccessNamespaces,
];

/** A deployment, and the cluster that it is on. */
export interface Reached extends Deployment {
  readonly cluster: Cluster;
}

/** Undefined where the stack was never deployed. */
export async function deploymentOf(workspace: Workspace, stack: string): Promise<Reached | undefined> {
  const deployment = deploymentIn((await resourcesOf(workspace, PROJECT, stack)) ?? []);
  return deployment && { ...deployment, cluster: await connectCluster(deployment.context) };
}

/** @throws Failure where the stack was never deployed. */
export async function requireDeployment(workspace: Workspace, stack: string): Promise<Reached> {
  const deployment = await deploymentOf(workspace, stack);
  if (deployment === undefined) throw new Failure(`${stack} was never deployed: ${ralex("deploy", "-s", stack)}`);
  return deployment;
}
