/** What whoever deploys may not do on a cluster, and has to. */
import type { V1ResourceAttributes } from "@kubernetes/client-node";
import type { Cluster } from "../../../components/kubernetes/client";
import type { WantedSecret } from "../../../components/kubernetes/existing-secret";
import type { Settings } from "../../../components/settings/schema";
import { hostAccessOf } from "./namespaces";

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
