/** What is checked before anything is changed, so that an update that cannot work leaves everything as it is. */
import type { V1ResourceAttributes } from "@kubernetes/client-node";
import { describeRalex } from "../../../components/app/ralex";
import { readLock } from "../../../components/image/lock";
import {
  clusterUid,
  connectCluster,
  reasonOf,
  unlessMissing,
  type Cluster,
} from "../../../components/kubernetes/client";
import {
  labelCommand,
  placeOf,
  secretProblems,
  wantedSecrets,
  type StackPlace,
  type WantedSecret,
} from "../../../components/kubernetes/existing-secret";
import { observabilityOf, STACK_LABEL } from "../../../components/kubernetes/names";
import { kubernetesPlacement } from "../../../components/kubernetes/placement";
import { requireSameCluster } from "../../../components/kubernetes/provider/cluster";
import type { Settings } from "../../../components/settings/schema";
import type { Recorded } from "../../backend/checkpoint";
import { resourcesOf } from "../../backend/resources";
import { Failure } from "../../failure";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import { deploymentIn, type Deployment } from "./deployment";
import { missingWayIn } from "./way-in";

/** Pauses before an end (`preStop.sleep`) and `restricted` in the form that is used here: since 1.30. */
const OLDEST_MINOR = 30;
/** Names in the state: of generated secrets and the authority, and of the key by which those of somebody else are hashed. */
const OWN_SECRET = /^ralex-secrets-(.+)$/;
const AUTHORITY = "ralex-tls-ca-key";
const HASH_KEY = "ralex-secret-hashes-key";
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
  ]);
  return [...otherSecrets(stack, settings, resources), ...asked.flat(), ...rights];
}

/** The Secrets that somebody else has to have made for a stack. */
export function wantedOf(
  { checkout, environment }: Pick<Workspace, "checkout" | "environment">,
  settings: Settings,
): readonly WantedSecret[] {
  if (settings.existingSecret === undefined) return [];
  const { release } = settings;
  const grafana = release === undefined ? readLock(checkout, environment).has("grafana") : "grafana" in release.images;
  return wantedSecrets(describeRalex(settings, kubernetesPlacement(settings), { grafana }), settings);
}

/** Nothing takes a stack from secrets of its own to existing ones or back: what it holds is known by the secrets it has. */
export function otherSecrets(
  stack: string,
  { existingSecret }: Settings,
  resources: readonly Recorded[],
): readonly string[] {
  const kept = resources.filter(({ protect }) => protect === true).map(({ urn }) => urn.split("::").at(-1) ?? "");
  const own = kept.flatMap(
    (name) => OWN_SECRET.exec(name)?.[1] ?? (name === AUTHORITY ? "its certificate authority" : []),
  );
  if (existingSecret !== undefined && own.length > 0) {
    return [
      `${stack} has generated secrets of its own (${own.sort().join(", ")}), which its databases and its people know, and ` +
        `none of them is removed on the way: leave ralex:existingSecret out, or deploy a stack of another name with it. ` +
        "docs/kubernetes.md says how the present values are brought into a Secret",
    ];
  }
  if (existingSecret === undefined && kept.includes(HASH_KEY)) {
    return [
      `${stack} has its secrets from a Secret that you made, and its databases know those: set ralex:existingSecret to its ` +
        "name again, or deploy a stack of another name without it",
    ];
  }
  return [];
}

/** Namespaces whose pods have access to the nodes. @param namespace - of the application. */
const hostAccessOf = (namespace: string, { logs, running }: Settings): readonly string[] =>
  logs === "own" && running ? [observabilityOf(namespace)] : [];

export async function oldCluster({ version }: Cluster): Promise<readonly string[]> {
  const { major, minor, gitVersion } = await version.getCode();
  if (Number(major) > 1 || Number.parseInt(minor, 10) >= OLDEST_MINOR) return [];
  return [`the cluster is Kubernetes ${gitVersion}, and 1.${OLDEST_MINOR} is needed: upgrade it, or use another one`];
}

async function takenNamespace(
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
const takenBeside = (
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

interface Right {
  readonly group: string;
  readonly resource: string;
}

/** One of each group that a stack is made of; who may make these has been given the rest with them. */
const NEEDED: readonly Right[] = [
  { group: "", resource: "namespaces" },
  { group: "", resource: "persistentvolumeclaims" },
  { group: "apps", resource: "deployments" },
  { group: "batch", resource: "jobs" },
  { group: "networking.k8s.io", resource: "networkpolicies" },
];

/** The same of a namespace with access to the nodes. */
const NEEDED_BESIDE: readonly Right[] = [
  { group: "", resource: "configmaps" },
  { group: "apps", resource: "daemonsets" },
  { group: "networking.k8s.io", resource: "networkpolicies" },
];

/**
 * What may not be made or read in any namespace of the stack, a line each.
 * @param namespace - of the application.
 * @param wanted - Secrets that are read; without any, the stack makes its own.
 */
export async function missingRights(
  cluster: Cluster,
  namespace: string,
  settings: Settings,
  wanted: readonly WantedSecret[],
): Promise<readonly string[]> {
  const needed = wanted.length > 0 ? NEEDED : [...NEEDED, { group: "", resource: "secrets" }];
  const missing = await Promise.all([
    missingIn(cluster, namespace, needed, wanted),
    ...hostAccessOf(namespace, settings).map((beside) => missingIn(cluster, beside, NEEDED_BESIDE, [])),
  ]);
  return missing.flat();
}

async function missingIn(
  { config }: Cluster,
  namespace: string,
  needed: readonly Right[],
  wanted: readonly WantedSecret[],
): Promise<readonly string[]> {
  const { AuthorizationV1Api } = await import("@kubernetes/client-node");
  const api = config.makeApiClient(AuthorizationV1Api);
  const isAllowed = async (resourceAttributes: V1ResourceAttributes): Promise<boolean> => {
    const { status } = await api.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
    return status?.allowed === true;
  };
  const [made, read] = await Promise.all([
    refused(needed, ({ group, resource }) =>
      isAllowed({ namespace: resource === "namespaces" ? "" : namespace, verb: "create", group, resource }),
    ),
    refused(wanted, ({ name }) => isAllowed({ namespace, verb: "get", group: "", resource: "secrets", name })),
  ]);
  const { name } = config.getCurrentUser() ?? { name: "this user" };
  return [
    ...(made.length === 0
      ? []
      : [
          `${name} may not create ${made.map(({ resource }) => resource).join(", ")} in ${namespace}: have an administrator ` +
            "give it the role admin there, and the right to create namespaces",
        ]),
    ...(read.length === 0
      ? []
      : [
          `${name} may not get the Secret ${read.map((secret) => secret.name).join(", ")} in ${namespace}: have an ` +
            "administrator give it that right there, for these names alone",
        ]),
  ];
}

async function refused<T>(all: readonly T[], isAllowed: (one: T) => Promise<boolean>): Promise<readonly T[]> {
  const answers = await Promise.all(all.map(async (one) => ({ one, allowed: await isAllowed(one) })));
  return answers.filter(({ allowed }) => !allowed).map(({ one }) => one);
}
