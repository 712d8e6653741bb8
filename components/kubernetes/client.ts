/** The API server of a stack's cluster, reached as kubectl reaches it: by a context of the kubeconfig. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { AppsV1Api, BatchV1Api, CoreV1Api, KubeConfig, V1Pod, VersionApi } from "@kubernetes/client-node";

export interface Cluster {
  readonly config: KubeConfig;
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  readonly version: VersionApi;
}

/** A cluster cannot be used; the message says why, and what to do. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}

/** Where kubectl looks. */
const kubeconfigFiles = (): readonly string[] =>
  (process.env.KUBECONFIG || path.join(os.homedir(), ".kube/config"))
    .split(path.delimiter)
    .filter((file) => file !== "");

/**
 * Connects to nothing yet.
 * @param context - name of the context: never the current one, which may lead anywhere.
 * @throws ClusterError where the kubeconfig (KUBECONFIG, or ~/.kube/config) has no such context, with those that it has.
 */
export async function connectCluster(context: string): Promise<Cluster> {
  // Half a second to load, which only those pay who ask a cluster.
  const { AppsV1Api, BatchV1Api, CoreV1Api, KubeConfig, VersionApi } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  // Without a file the library would make one up, for port 8080 of this machine.
  const files = kubeconfigFiles();
  if (files.every((file) => fs.existsSync(file))) config.loadFromDefault();
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
    throw new ClusterError(
      `the kubeconfig (${files.join(", ")}) has no context ${context}; ${has}. ` +
        "Set ralex:kubeContext to one of them, or KUBECONFIG to the file that has it",
    );
  }
  config.setCurrentContext(context);
  return {
    config,
    apps: config.makeApiClient(AppsV1Api),
    core: config.makeApiClient(CoreV1Api),
    batch: config.makeApiClient(BatchV1Api),
    version: config.makeApiClient(VersionApi),
  };
}

/** What went wrong with a question to the API server, in one line: its own words, or those of the network. */
export function reasonOf(error: unknown): string {
  const { body, message } = error as { body?: unknown; message?: string };
  const said = typeof body === "string" ? parsed(body) : (body as { message?: string } | undefined);
  return (said?.message ?? message ?? String(error)).split("\n")[0] ?? "";
}

function parsed(text: string): { message?: string } | undefined {
  try {
    return JSON.parse(text) as { message?: string };
  } catch {
    return undefined;
  }
}

const isMissing = (error: unknown): boolean => (error as { code?: number }).code === 404;

/** The result, or undefined where the API server does not know the thing. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Namespace whose UID tells one cluster from another: it is made with the cluster and never again. */
const OLDEST_NAMESPACE = "kube-system";

/** What tells this cluster from every other one. @throws ClusterError where it does not answer, or does not let us look. */
export async function clusterUid({ core, config }: Cluster): Promise<string> {
  try {
    const { metadata } = await core.readNamespace({ name: OLDEST_NAMESPACE });
    return metadata?.uid ?? "";
  } catch (error) {
    const server = config.getCurrentCluster()?.server ?? "";
    throw new ClusterError(
      `the cluster of context ${config.getCurrentContext()} (${server}) cannot be asked: ${reasonOf(error)}`,
    );
  }
}

/** Every pod of several namespaces. */
export const podsIn = async (
  { core }: Pick<Cluster, "core">,
  namespaces: readonly string[],
): Promise<readonly V1Pod[]> =>
  (await Promise.all(namespaces.map((namespace) => core.listNamespacedPod({ namespace })))).flatMap(
    ({ items }) => items,
  );
