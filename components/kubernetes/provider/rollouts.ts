/** How often each service's pods were made from another template: back to an earlier one counts too. */
import type { KubernetesObject, V1ControllerRevision } from "@kubernetes/client-node";
import type { Cluster } from "../client";

/** Counted by the Deployments' controller with every other template. */
const REVISION = "deployment.kubernetes.io/revision";

/** By the name of the service: which object it is, and the number of its template. */
export type Rollouts = Readonly<Record<string, string>>;

export async function rolloutsOf(
  { apps }: Pick<Cluster, "apps">,
  namespace: string,
  services: readonly { readonly service: string }[],
): Promise<Rollouts> {
  const [deployments, sets, revisions] = await Promise.all([
    apps.listNamespacedDeployment({ namespace }),
    apps.listNamespacedStatefulSet({ namespace }),
    apps.listNamespacedControllerRevision({ namespace }),
  ]);
  const numbers = [
    ...deployments.items.map((one) => numbered(one, one.metadata?.annotations?.[REVISION])),
    ...sets.items.map((one) => numbered(one, numberOf(revisions.items, one.status?.updateRevision))),
  ];
  const names = new Set(services.map(({ service }) => service));
  return Object.fromEntries(numbers.filter(([name]) => names.has(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const numbered = ({ metadata }: KubernetesObject, number: string | undefined): readonly [string, string] => [
  metadata?.name ?? "",
  `${metadata?.uid} ${number ?? "none"}`,
];

/** A template that comes back is given the next number. */
const numberOf = (revisions: readonly V1ControllerRevision[], name: string | undefined): string | undefined =>
  revisions.find(({ metadata }) => metadata?.name === name)?.revision.toString();
