/** What runs, and how it is. Looks, and changes nothing. */
import { kubectl, type Readiness, readiness } from "./kubectl";
import { CONTEXT, dataFolder, kubeconfigPath, logFolder } from "./paths";
import { clusterProcess, readRecord } from "./record";
import { METRICS, METRICS_API } from "./system/metrics";
import { STORAGE } from "./system/storage";

export interface ClusterStatus {
  /** Whether its processes are there. */
  readonly running: boolean;
  /** Whether nodes and system pods are Ready. The metrics server comes later, and does not count. */
  readonly healthy: boolean;
  /** Whether every node's usage can be read. */
  readonly metrics: boolean;
  /** Of Kubernetes. */
  readonly version?: string;
  readonly kubeconfig: string;
  readonly context: string;
  readonly nodes: readonly Readiness[];
  readonly systemPods: readonly Readiness[];
  readonly dataFolder: string;
  readonly logFolder: string;
  /** Why the API server does not answer. */
  readonly problem?: string;
}

export async function clusterStatus(): Promise<ClusterStatus> {
  const version = readRecord()?.version;
  const common = {
    ...(version === undefined ? {} : { version }),
    kubeconfig: kubeconfigPath(),
    context: CONTEXT,
    dataFolder: dataFolder(),
    logFolder: logFolder(),
  };
  const nothing = { ...common, healthy: false, metrics: false, nodes: [], systemPods: [] };
  if (clusterProcess() === undefined) return { running: false, ...nothing };
  try {
    const [nodes, pods, metered] = await Promise.all([
      objects("nodes"),
      Promise.all(["kube-system", STORAGE.namespace].map((namespace) => objects("pods", "--namespace", namespace))),
      meteredNodes(),
    ]);
    const systemPods = pods.flat();
    return { running: true, ...common, nodes, systemPods, ...judge(nodes, systemPods, metered) };
  } catch (error) {
    return { running: true, ...nothing, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Pods that a cluster has before anything is deployed: their names without what a ReplicaSet adds. */
const SYSTEM_PODS = ["coredns", STORAGE.name, METRICS.name] as const;

export function judge(
  nodes: readonly Readiness[],
  pods: readonly Readiness[],
  meteredNodes: readonly string[],
): Pick<ClusterStatus, "healthy" | "metrics"> {
  const isReady = (name: string): boolean => pods.some((pod) => pod.name.startsWith(`${name}-`) && pod.ready);
  const needed = SYSTEM_PODS.filter((name) => name !== METRICS.name);
  return {
    healthy: nodes.length > 0 && nodes.every(({ ready }) => ready) && needed.every(isReady),
    metrics: nodes.length > 0 && nodes.every(({ name }) => meteredNodes.includes(name)),
  };
}

/** Bounds what a cluster that hangs may take of a command's time. */
const TIMEOUT = "--request-timeout=5s";

const objects = async (...what: readonly string[]): Promise<readonly Readiness[]> =>
  readiness(await kubectl(["get", ...what, "--output", "json", TIMEOUT]));

/** Names of the nodes whose usage the metrics server knows; none while it does not answer. */
export const meteredNodes = (): Promise<readonly string[]> =>
  kubectl(["get", "--raw", `/apis/${METRICS_API}/nodes`, TIMEOUT]).then(
    (text) =>
      (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name),
    () => [],
  );
