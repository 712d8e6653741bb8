/** What is checked before anything is changed, so that an update that cannot work leaves everything as it is. */
import { clusterUid, connectCluster, reasonOf, type Cluster } from "../../../components/kubernetes/client";
import { placeOf, secretProblems, type WantedSecret } from "../../../components/kubernetes/existing-secret";
import { requireSameCluster } from "../../../components/kubernetes/provider/cluster";
import type { Settings } from "../../../components/settings/schema";
import type { Recorded } from "../../backend/checkpoint";
import { resourcesOf } from "../../backend/resources";
import { Failure } from "../../failure";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import { deploymentIn } from "./deployment";
import { otherSecrets, wantedOf } from "./existing-secret";
import { missingExtensions } from "./extensions";
import { hostAccessOf, takenBeside, takenNamespace } from "./namespaces";
import { missingRights } from "./rights";
import { missingWayIn } from "./way-in";

/** Pauses before an end (`preStop.sleep`) and `restricted` in the form that is used here: since 1.30. */
const OLDEST_MINOR = 30;
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** @throws Failure with every problem, before anything of the stack is changed. */
export async function preflight(workspace: Workspace, stack: string, settings: Settings): Promise<void> {
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
  const wanted = wantedOf(workspace, settings);
  const problems = await problemsOf(stack, settings, resources, wanted).catch((error: unknown) => [reasonOf(error)]);
  if (problems.length > 0) throw new Failure(`nothing of ${stack} was changed:\n  ${problems.join("\n  ")}`);
}

async function problemsOf(
  stack: string,
  settings: Settings,
  resources: readonly Recorded[],
  wanted: readonly WantedSecret[],
): Promise<readonly string[]> {
  const deployment = deploymentIn(resources);
  const cluster = await connectCluster(settings.kubeContext ?? "");
  // What does not answer is not asked more.
  await clusterUid(cluster);
  if (deployment !== undefined) await requireSameCluster(settings.kubeContext ?? "", deployment.uid);
  const place = placeOf(stack, settings);
  const rights = await missingRights(cluster, place.namespace, settings, wanted);
  const asked = await Promise.all([
    oldCluster(cluster),
    takenNamespace(cluster, place, settings, deployment),
    ...hostAccessOf(place.namespace, settings).map((beside) => takenBeside(cluster, beside, place, deployment)),
    missingStorage(cluster, settings),
    // Who may not get them is told that alone.
    rights.length > 0 ? [] : secretProblems(cluster, place, wanted),
    missingWayIn(cluster, settings),
    missingExtensions(cluster, settings),
  ]);
  return [...otherSecrets(stack, settings, resources), ...asked.flat(), ...rights];
}

export async function oldCluster({ version }: Cluster): Promise<readonly string[]> {
  const { major, minor, gitVersion } = await version.getCode();
  if (Number(major) > 1 || Number.parseInt(minor, 10) >= OLDEST_MINOR) return [];
  return [`the cluster is Kubernetes ${gitVersion}, and 1.${OLDEST_MINOR} is needed: upgrade it, or use another one`];
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
