import { kindOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { AUTOSCALERS, described, isOfType } from "../readers/kubernetes-objects";
import { scaledBy } from "../readers/kubernetes-scaling";
import { finding, propertiesOf, type Context, type Finding, type Resource, type StackRule } from "../rule";

const SCALED = WORKLOAD_TYPES.filter((type) => ["Deployment", "StatefulSet", "ReplicaSet"].includes(kindOf(type)));

/** Two owners of one number undo each other at every update. */
export const kubernetesAutoscalerConfigureReplicas: StackRule = {
  scope: "stack",
  id: "K8-12",
  name: "kubernetes-autoscaler-configure-replicas",
  title: "What an autoscaler scales does not set replicas itself, and the autoscaler has bounds",
  severity: "medium",
  reason: { source: "pulumi-kubernetes#2491", link: "https://github.com/pulumi/pulumi-kubernetes/issues/2491" },
  fix: "Leave spec.replicas out of the workload; set minReplicas to 2 or more in an environment that others promote to, and maxReplicas.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...SCALED, ...AUTOSCALERS],
  check: (resources, context) => [
    ...resources.filter(isOfType(...SCALED)).flatMap((resource) => {
      const replicas = propertiesOf(resource).at("spec", "replicas");
      if (replicas.isAbsent || scaledBy(resource, resources) === undefined) return [];
      return [finding(resource, replicas, `${described(resource)} sets replicas, which its autoscaler sets too`)];
    }),
    ...resources.filter(isOfType(...AUTOSCALERS)).flatMap((resource) => bounds(resource, context)),
  ],
};

function bounds(resource: Resource, { isPromoted }: Context): readonly Finding[] {
  const spec = propertiesOf(resource).get("spec");
  const [least, most] = [spec.get("minReplicas"), spec.get("maxReplicas")];
  const fewest = isPromoted ? 2 : 1;
  return [
    ...((least.number ?? 1) >= fewest && !least.isUnknown
      ? []
      : [finding(resource, least, `the autoscaler may go below ${fewest} replicas`)]),
    ...(most.number === undefined ? [finding(resource, most, "the autoscaler has no upper bound")] : []),
  ];
}
