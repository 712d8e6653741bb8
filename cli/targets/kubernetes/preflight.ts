/** What is checked before anything is changed, so that an update that cannot work leaves everything as it is. */
import {
  clusterUid,
  connectCluster,
  reasonOf,
  unlessMissing,
  type Cluster,
} from "../../../components/kubernetes/client";
import { namespaceOf, STACK_LABEL } from "../../../components/kubernetes/names";
import { requireSameCluster } from "../../../components/kubernetes/provider/cluster";
import type { Settings } from "../../../components/settings/schema";
import { resourcesOf } from "../../backend/resources";
import { Failure } from "../../failure";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import { deploymentIn, type Deployment } from "./deployment";
import { missingWayIn } from "./way-in";

/** Pauses before an end (`preStop.sleep`) and `restricted` in the form that is used here: since 1.30. */
const OLDEST_MINOR = 30;
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** @throws Failure with every problem, before anything of the stack is changed. */
export async function preflight(workspace: Workspace, stack: string, settings: Settings): Promise<void> {
  const deployment = deploymentIn((await resourcesOf(workspace, PROJECT, stack)) ?? []);
  const problems = await problemsOf(stack, settings, deployment).catch((error: unknown) => [reasonOf(error)]);
  if (problems.length > 0) throw new Failure(`nothing of ${stack} was changed:\n  ${problems.join("\n  ")}`);
}

async function problemsOf(
  stack: string,
  settings: Settings,
  deployment: Deployment | undefined,
): Promise<readonly string[]> {
  const cluster = await connectCluster(settings.kubeContext ?? "");
  // What does not answer is not asked more.
  await clusterUid(cluster);
  if (deployment !== undefined) await requireSameCluster(settings.kubeContext ?? "", deployment.uid);
  const namespace = namespaceOf(stack, settings.namespace);
  const asked = await Promise.all([
    oldCluster(cluster),
    takenNamespace(cluster, namespace, stack, deployment),
    missingStorage(cluster, settings),
    missingRights(cluster, namespace),
    missingWayIn(cluster, settings),
  ]);
  return asked.flat();
}

export async function oldCluster({ version }: Cluster): Promise<readonly string[]> {
  const { major, minor, gitVersion } = await version.getCode();
  if (Number(major) > 1 || Number.parseInt(minor, 10) >= OLDEST_MINOR) return [];
  return [`the cluster is Kubernetes ${gitVersion}, and 1.${OLDEST_MINOR} is needed: upgrade it, or use another one`];
}

async function takenNamespace(
  { core }: Cluster,
  namespace: string,
  stack: string,
  deployment: Deployment | undefined,
): Promise<readonly string[]> {
  if (deployment !== undefined && deployment.namespace !== namespace) {
    return [
      `${stack} is in the namespace ${deployment.namespace} with its data, and cannot be moved to ${namespace}: ` +
        `set ralex:namespace to ${deployment.namespace}, or deploy a stack of another name`,
    ];
  }
  const found = await unlessMissing(core.readNamespace({ name: namespace }));
  if (found === undefined || deployment !== undefined) return [];
  const owner = found.metadata?.labels?.[STACK_LABEL];
  // What an interrupted first update made is taken over by the next one.
  if (owner === stack) return [];
  const whose = owner === undefined ? "is not Ralex's" : `is of the stack ${owner}`;
  return [`the namespace ${namespace} is there already and ${whose}: set ralex:namespace to another name`];
}

export async function missingStorage({ config }: Cluster, { storageClass }: Settings): Promise<readonly string[]> {
  const { StorageV1Api } = await import("@kubernetes/client-node");
  const { items } = await config.makeApiClient(StorageV1Api).listStorageClass();
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  const has = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  if (storageClass !== undefined) {
    return names.includes(storageClass)
      ? []
      : [`the cluster has no StorageClass ${storageClass}; ${has}: set ralex:storageClass to one of them`];
  }
  const isDefault = items.some(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === "true");
  return isDefault ? [] : [`the cluster has no default StorageClass; ${has}: set ralex:storageClass to one of them`];
}

/** One of each group that a stack is made of; who may make these has been given the rest with them. */
const NEEDED = [
  { group: "", resource: "namespaces" },
  { group: "", resource: "secrets" },
  { group: "", resource: "persistentvolumeclaims" },
  { group: "apps", resource: "deployments" },
  { group: "batch", resource: "jobs" },
  { group: "networking.k8s.io", resource: "networkpolicies" },
] as const;

export async function missingRights({ config }: Cluster, namespace: string): Promise<readonly string[]> {
  const { AuthorizationV1Api } = await import("@kubernetes/client-node");
  const api = config.makeApiClient(AuthorizationV1Api);
  const answers = await Promise.all(
    NEEDED.map(async ({ group, resource }) => {
      const attributes = { namespace: resource === "namespaces" ? "" : namespace, verb: "create", group, resource };
      const { status } = await api.createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes: attributes } },
      });
      return status?.allowed === true ? [] : [resource];
    }),
  );
  const missing = answers.flat();
  if (missing.length === 0) return [];
  const { name } = config.getCurrentUser() ?? { name: "this user" };
  return [
    `${name} may not create ${missing.join(", ")} in ${namespace}: have an administrator give it the role admin there, ` +
      "and the right to create namespaces",
  ];
}
