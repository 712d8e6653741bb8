/** What a cluster has of all that a stack may need, for `./ralex doctor`. Looks, and changes nothing. */
import { clusterUid, connectCluster, reasonOf, type Cluster } from "../../../components/kubernetes/client";
import { placeOf, secretProblems, type WantedSecret } from "../../../components/kubernetes/existing-secret";
import { namespaceOf } from "../../../components/kubernetes/names";
import type { Settings } from "../../../components/settings/schema";
import type { MachineCheck } from "../../../toolchain/describe";
import type { Workspace } from "../../workspace";
import { wantedOf } from "./existing-secret";
import { isExtended, missingExtensions } from "./extensions";
import { missingStorage, oldCluster } from "./preflight";
import { missingRights } from "./rights";
import { missingWayIn } from "./way-in";

/** Parts of the names of DaemonSets that enforce NetworkPolicies. Source: the manifests of each project. */
const ENFORCERS = [
  "calico-node",
  "cilium",
  "kube-router",
  "antrea-agent",
  "weave-net",
  "anetd",
  "ovnkube-node",
] as const;

export async function inspect(
  workspace: Workspace,
  stack: string,
  settings: Settings,
): Promise<readonly MachineCheck[]> {
  const context = settings.kubeContext ?? "";
  try {
    const cluster = await connectCluster(context);
    await clusterUid(cluster);
    // Where nothing is pinned, nobody has to have made anything yet.
    const wanted = settings.release === undefined ? [] : wantedOf(workspace, settings);
    const looks = [
      ...[reached, rights, storage, wayIn, policies, metrics],
      ...(wanted.length > 0 ? [secrets] : []),
      ...(isExtended(settings) ? [extensions] : []),
    ];
    return await Promise.all(looks.map((look) => look(cluster, settings, stack, wanted)));
  } catch (error) {
    const remedy = "start the cluster (./ralex cluster start is one of this machine's own), or set KUBECONFIG";
    // Where nothing is pinned, nobody has to have a cluster yet.
    const ok = settings.release === undefined;
    const detail = `${reasonOf(error)}${ok ? "; nothing is pinned there yet" : ""}`;
    return [{ name: `cluster of ${stack}`, ok, detail, remedy }];
  }
}

type Look = (
  cluster: Cluster,
  settings: Settings,
  stack: string,
  wanted: readonly WantedSecret[],
) => Promise<MachineCheck>;

const reached: Look = async (cluster, settings, stack) => {
  const [problem] = await oldCluster(cluster);
  const { gitVersion } = await cluster.version.getCode();
  const server = cluster.config.getCurrentCluster()?.server ?? "";
  const detail = problem ?? `context ${settings.kubeContext} (${server}), Kubernetes ${gitVersion}`;
  return { name: `cluster of ${stack}`, ok: problem === undefined, detail };
};

const rights: Look = async (cluster, settings, stack, wanted) => {
  const missing = await missingRights(cluster, namespaceOf(stack, settings.namespace), settings, wanted);
  return {
    name: `rights for ${stack}`,
    ok: missing.length === 0,
    detail: missing.join("; ") || "all that a stack is made of may be created",
  };
};

const secrets: Look = async (cluster, settings, stack, wanted) => {
  const problems = await secretProblems(cluster, placeOf(stack, settings), wanted);
  const all = wanted.map(({ name, keys }) => `${name} (${keys.length} keys)`).join(", ");
  const detail = problems.length === 0 ? `all is in ${all}` : problems.join("; ");
  return { name: `secrets of ${stack}`, ok: problems.length === 0, detail };
};

const extensions: Look = async (cluster, settings, stack) => {
  const problems = await missingExtensions(cluster, settings);
  const detail = problems.join("; ") || "the cluster has all that the settings name";
  return { name: `extensions for ${stack}`, ok: problems.length === 0, detail };
};

const storage: Look = async (cluster, settings, stack) => {
  const [problem] = await missingStorage(cluster, settings);
  const detail = problem ?? `StorageClass ${settings.storageClass ?? "of the cluster's default"}`;
  return { name: `storage for ${stack}`, ok: problem === undefined, detail };
};

const wayIn: Look = async (cluster, settings, stack) => {
  const problems = await missingWayIn(cluster, settings);
  const { exposure, gateway, ingressClass } = settings;
  const through = { ingress: `, class ${ingressClass ?? "of the cluster's default"}`, gateway: `, ${gateway}` };
  return {
    name: `way into ${stack}`,
    ok: problems.length === 0,
    detail: problems.length > 0 ? problems.join("; ") : `exposure ${exposure}${through[exposure as "ingress"] ?? ""}`,
  };
};

const policies: Look = async ({ config }, _settings, stack) => {
  const { AppsV1Api } = await import("@kubernetes/client-node");
  const { items } = await config.makeApiClient(AppsV1Api).listDaemonSetForAllNamespaces();
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  const found = names.filter((name) => ENFORCERS.some((enforcer) => name.includes(enforcer)));
  const detail =
    found.length > 0
      ? `enforced by ${found.join(", ")}`
      : "nothing that is known to enforce them runs: pods may reach what the policies refuse";
  return { name: `network policies of ${stack}`, ok: true, detail };
};

const metrics: Look = async ({ config }, { apiMaxReplicas }, stack) => {
  const { ApiregistrationV1Api } = await import("@kubernetes/client-node");
  const api = config.makeApiClient(ApiregistrationV1Api);
  const served = await api.readAPIService({ name: "v1beta1.metrics.k8s.io" }).then(
    ({ status }) => status?.conditions?.some(({ type, status: is }) => type === "Available" && is === "True") === true,
    () => false,
  );
  const ok = served || apiMaxReplicas === 0;
  return {
    name: `metrics for ${stack}`,
    ok,
    detail: served ? "served: the API can be scaled by its load" : "not served: the API cannot be scaled by its load",
    ...(ok ? {} : { remedy: "install metrics-server, or set ralex:apiMaxReplicas to 0" }),
  };
};
