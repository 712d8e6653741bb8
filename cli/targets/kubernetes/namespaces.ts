/** Whose the namespaces of a stack are. */
import { unlessMissing, type Cluster } from "../../../components/kubernetes/client";
import { labelCommand, type StackPlace } from "../../../components/kubernetes/existing-secret";
import { observabilityOf, STACK_LABEL } from "../../../components/kubernetes/names";
import type { Settings } from "../../../components/settings/schema";
import type { Deployment } from "./deployment";

/** Namespaces whose pods have access to the nodes. @param namespace - of the application. */
export const hostAccessOf = (namespace: string, { logs, running }: Settings): readonly string[] =>
  logs === "own" && running ? [observabilityOf(namespace)] : [];

export async function takenNamespace(
  cluster: Cluster,
  place: StackPlace,
  { existingSecret }: Settings,
  deployment: Deployment | undefined,
): Promise<readonly string[]> {
  const { namespace, stack } = place;
  if (deployment !== undefined && deployment.namespace !== namespace) {
    return [
      `${stack} is in the namespace ${deployment.namespace} with its data, and cannot be moved to ${namespace}: ` +
        `set ralex:namespace to ${deployment.namespace}, or deploy a stack of another name`,
    ];
  }
  return deployment === undefined ? foreignNamespace(cluster, place, namespace, existingSecret) : [];
}

/** @param beside - name of a namespace with access to the nodes. */
export const takenBeside = (
  cluster: Cluster,
  beside: string,
  place: StackPlace,
  deployment: Deployment | undefined,
): Promise<readonly string[]> =>
  deployment?.hostAccessNamespaces.includes(beside) === true
    ? Promise.resolve([])
    : foreignNamespace(cluster, place, beside, undefined);

/** @param existingSecret - for which somebody may have made the namespace. */
async function foreignNamespace(
  { core }: Cluster,
  place: StackPlace,
  namespace: string,
  existingSecret: string | undefined,
): Promise<readonly string[]> {
  const { stack } = place;
  const found = await unlessMissing(core.readNamespace({ name: namespace }));
  if (found === undefined) return [];
  const owner = found.metadata?.labels?.[STACK_LABEL];
  // What an interrupted first update made is taken over by the next one.
  if (owner === stack) return [];
  if (owner === undefined && existingSecret !== undefined) {
    return [
      `the namespace ${namespace} is there already, and nothing says that it is for ${stack}. If you made it for the Secret ` +
        `${existingSecret}, say so:\n    ${labelCommand(place)}`,
    ];
  }
  const whose = owner === undefined ? "is not Ralex's" : `is of the stack ${owner}`;
  return [`the namespace ${namespace} is there already and ${whose}: set ralex:namespace to another name`];
}
