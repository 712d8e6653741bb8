/** What of a stack's state is gone from the cluster. */
import type { KubernetesObject } from "@kubernetes/client-node";
import { connectCluster, unlessMissing } from "../../../components/kubernetes/client";
import type { Recorded } from "../../backend/checkpoint";
import { resourcesOf } from "../../backend/resources";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import { deploymentIn } from "./deployment";

interface Expected {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Every object in a namespace that the state has, by what the API server calls it. */
export const expectedObjects = (resources: readonly Recorded[]): readonly Expected[] =>
  resources.flatMap(({ type, outputs }): readonly Expected[] => {
    if (!type.startsWith("kubernetes:")) return [];
    const { apiVersion, kind, metadata } = (outputs ?? {}) as Partial<KubernetesObject>;
    if (apiVersion === undefined || kind === undefined || metadata?.namespace === undefined) return [];
    return [{ apiVersion, kind, namespace: metadata.namespace, name: metadata.name ?? "" }];
  });

/**
 * Whether an object of the stack's state is gone, so that an update that does not look first would find nothing to do.
 * One question to the API server for each kind and namespace.
 */
export async function lacksSomething(workspace: Workspace, stack: string): Promise<boolean> {
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
  const deployment = deploymentIn(resources);
  if (deployment === undefined) return false;
  const { config } = await connectCluster(deployment.context);
  const { KubernetesObjectApi } = await import("@kubernetes/client-node");
  const api = KubernetesObjectApi.makeApiClient(config);
  const expected = expectedObjects(resources);
  const kindOf = ({ apiVersion, kind, namespace }: Expected) => `${apiVersion} ${kind} ${namespace}`;
  const kinds = new Map(expected.map((one) => [kindOf(one), one]));
  const answers = await Promise.all(
    [...kinds.values()].map(async (first) => {
      const list = await unlessMissing(api.list(first.apiVersion, first.kind, first.namespace));
      const found = new Set((list?.items ?? []).map(({ metadata }) => metadata?.name));
      return expected.filter((one) => kindOf(one) === kindOf(first) && !found.has(one.name));
    }),
  );
  const gone = answers.flat();
  for (const { kind, name } of gone.filter((one) => one.kind === "PersistentVolumeClaim")) {
    console.error(`the ${kind} ${name} is gone, and its data with it: an empty one takes its place`);
  }
  return gone.length > 0;
}
