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
  readonly namespace: string;
}

/** What the state says of the place; undefined where nothing was deployed on a cluster. */
export function deploymentIn(resources: readonly Recorded[]): Deployment | undefined {
  const outputsOf = (type: string) => resources.find((resource) => resource.type === type)?.outputs ?? {};
  const { context, uid } = outputsOf("ralex:kubernetes:Cluster") as { context?: string; uid?: string };
  const { metadata } = outputsOf("kubernetes:core/v1:Namespace") as { metadata?: { name?: string } };
  const namespace = metadata?.name;
  if (context === undefined || uid === undefined || namespace === undefined) return undefined;
  return { context, uid, namespace };
}

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
