import { kindOf, podSpecOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import {
  AUTOSCALERS,
  described,
  DISRUPTION_BUDGETS,
  isOfType,
  namespaceOf,
  podLabels,
  selects,
} from "../readers/kubernetes-objects";
import { scaledBy } from "../readers/kubernetes-scaling";
import { finding, propertiesOf, type Finding, type Resource, type StackRule } from "../rule";

const REPLICATED = WORKLOAD_TYPES.filter((type) => ["Deployment", "StatefulSet"].includes(kindOf(type)));

/** Replicas on one node, or drained together, are one replica. */
export const kubernetesWorkloadRequireDisruptionBudget: StackRule = {
  scope: "stack",
  id: "K8-08",
  name: "kubernetes-workload-require-disruption-budget",
  title: "What has several replicas has a disruption budget and spreads over nodes",
  severity: "medium",
  reason: {
    source: "Kubernetes, Disruptions; Pod topology spread constraints",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/",
  },
  fix: "Add a PodDisruptionBudget whose selector takes in the pods, and topologySpreadConstraints over kubernetes.io/hostname (or a podAntiAffinity).",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...REPLICATED, ...DISRUPTION_BUDGETS, ...AUTOSCALERS],
  check: (resources) => {
    const budgets = resources.filter(isOfType(...DISRUPTION_BUDGETS));
    return resources.filter(isOfType(...REPLICATED)).flatMap((resource) => {
      const replicas = propertiesOf(resource).at("spec", "replicas");
      if (replicas.isUnknown) return [finding(resource, replicas, "the number of replicas is not known yet")];
      const isMany = (replicas.number ?? 1) > 1 || scaledBy(resource, resources) !== undefined;
      return isMany ? [...withoutBudget(resource, budgets), ...withoutSpread(resource)] : [];
    });
  },
};

function withoutBudget(resource: Resource, budgets: readonly Resource[]): readonly Finding[] {
  const isCovered = budgets.some(
    (budget) =>
      namespaceOf(budget) === namespaceOf(resource) &&
      selects(propertiesOf(budget).at("spec", "selector"), podLabels(resource)),
  );
  const at = propertiesOf(resource).at("spec", "replicas");
  return isCovered
    ? []
    : [finding(resource, at, `${described(resource)} has several replicas and no PodDisruptionBudget`)];
}

function withoutSpread(resource: Resource): readonly Finding[] {
  const pod = podSpecOf(resource.type, propertiesOf(resource));
  const [spread, apart] = [pod.get("topologySpreadConstraints"), pod.at("affinity", "podAntiAffinity")];
  if (pod.isUnknown || spread.items().length > 0 || !apart.isAbsent) return [];
  return [finding(resource, spread, `${described(resource)} has several replicas that may all run on one node`)];
}
