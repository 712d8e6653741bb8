import { WORKLOAD_TYPES } from "../readers/kubernetes";
import { isOfType, NAMESPACE, namespaceOf, NETWORK_POLICY, objectName } from "../readers/kubernetes-objects";
import { propertiesOf, type Resource, type StackRule } from "../rule";

const DIRECTIONS = ["Ingress", "Egress"] as const;

/** Without a policy every pod of the cluster reaches every other. */
export const kubernetesNamespaceRequireNetworkPolicy: StackRule = {
  scope: "stack",
  id: "K8-09",
  name: "kubernetes-namespace-require-network-policy",
  title: "Every namespace refuses all traffic that no NetworkPolicy allows, in both directions",
  severity: "high",
  reason: {
    source: "NSA Kubernetes Hardening Guide 1.2, Network separation; CIS Kubernetes Benchmark 5.3.2",
    link: "https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-ingress-and-all-egress-traffic",
  },
  fix: "Add a NetworkPolicy with podSelector: {} and policyTypes: [Ingress, Egress] and no rule, and one for each flow that is wanted.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...WORKLOAD_TYPES, NAMESPACE, NETWORK_POLICY],
  check: (resources) => {
    const policies = resources.filter(isOfType(NETWORK_POLICY));
    const first = new Map<string, Resource>();
    for (const resource of resources.filter(isOfType(NAMESPACE, ...WORKLOAD_TYPES))) {
      const namespace = isOfType(NAMESPACE)(resource) ? objectName(resource) : namespaceOf(resource);
      if (!first.has(namespace)) first.set(namespace, resource);
    }
    return [...first].flatMap(([namespace, { urn }]) => {
      const own = policies.filter((policy) => namespaceOf(policy) === namespace);
      return DIRECTIONS.filter((direction) => !own.some((policy) => refusesAll(policy, direction))).map(
        (direction) => ({
          urn,
          path: "",
          message: `nothing refuses ${direction.toLowerCase()} by default in namespace ${namespace}`,
        }),
      );
    });
  },
};

/** Ingress is a policy's direction unless it says otherwise. Source: NetworkPolicySpec, policyTypes. */
function refusesAll(policy: Resource, direction: (typeof DIRECTIONS)[number]): boolean {
  const spec = propertiesOf(policy).get("spec");
  if (spec.isUnknown) return true;
  const selector = spec.get("podSelector");
  const isOfAll = !selector.isAbsent && selector.entries().every(([, value]) => value.isAbsent || isEmpty(value.raw));
  const types = spec.get("policyTypes");
  const isIts = types.isAbsent ? direction === "Ingress" : types.items().some(({ text }) => text === direction);
  return isOfAll && isIts && spec.get(direction.toLowerCase()).items().length === 0;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
