/** Whether a cluster has what settings name and Kubernetes itself does not bring: kinds of others, a class of priority. */
import { unlessMissing, type Cluster } from "../../../components/kubernetes/client";
import { KEDA_VERSION } from "../../../components/kubernetes/autoscaling";
import { MONITORING_VERSION } from "../../../components/kubernetes/service-monitors";
import type { Settings } from "../../../components/settings/schema";

interface Extension {
  /** The setting that asks for it. */
  readonly key: "keda" | "serviceMonitors";
  readonly apiVersion: string;
  readonly kinds: readonly string[];
  readonly from: string;
}

const EXTENSIONS: readonly Extension[] = [
  { key: "keda", apiVersion: KEDA_VERSION, kinds: ["ScaledObject"], from: "KEDA" },
  {
    key: "serviceMonitors",
    apiVersion: MONITORING_VERSION,
    kinds: ["ServiceMonitor", "PrometheusRule"],
    from: "the Prometheus Operator",
  },
];

const askedBy = (settings: Settings): readonly Extension[] =>
  EXTENSIONS.filter(({ key }) => settings[key] !== undefined);

/** Whether any setting names such a thing. */
export const isExtended = (settings: Settings): boolean =>
  askedBy(settings).length > 0 || settings.priorityClass !== undefined;

/** What is missing, each with what to do; empty where no setting names such a thing. */
export async function missingExtensions(cluster: Cluster, settings: Settings): Promise<readonly string[]> {
  const found = await Promise.all([
    ...askedBy(settings).map((extension) => missingKinds(cluster, extension)),
    missingPriority(cluster, settings),
  ]);
  return found.flat();
}

async function missingKinds(
  { config }: Cluster,
  { apiVersion, from, key, kinds }: Extension,
): Promise<readonly string[]> {
  const { CustomObjectsApi } = await import("@kubernetes/client-node");
  const [group = "", version = ""] = apiVersion.split("/");
  const served = await unlessMissing(config.makeApiClient(CustomObjectsApi).getAPIResources({ group, version }));
  const missing = kinds.filter((kind) => !(served?.resources ?? []).some((one) => one.kind === kind));
  if (missing.length === 0) return [];
  return [
    `the cluster knows no ${missing.join(" and no ")} (${apiVersion}): install ${from} there, or remove ralex:${key}`,
  ];
}

async function missingPriority({ config }: Cluster, { priorityClass }: Settings): Promise<readonly string[]> {
  if (priorityClass === undefined) return [];
  const { SchedulingV1Api } = await import("@kubernetes/client-node");
  const { items } = await config.makeApiClient(SchedulingV1Api).listPriorityClass();
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  if (names.includes(priorityClass)) return [];
  return [
    `the cluster has no PriorityClass ${priorityClass}; it has ${names.join(", ")}: set ralex:priorityClass to one of them`,
  ];
}
