import { podSpecOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { finding, propertiesOf, type ResourceRule } from "../rule";

/** A folder without a bound fills its node, or its memory, and the node evicts whoever is there. */
export const kubernetesWorkloadLimitScratch: ResourceRule = {
  scope: "resource",
  id: "K8-14",
  name: "kubernetes-workload-limit-scratch",
  title: "A folder that a pod may write without a volume has a bound",
  severity: "low",
  reason: {
    source: "Kubernetes, Local ephemeral storage",
    link: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#local-ephemeral-storage",
  },
  fix: "Set sizeLimit on every emptyDir.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES,
  check: (resource) =>
    podSpecOf(resource.type, propertiesOf(resource))
      .get("volumes")
      .items()
      .map((volume) => volume.get("emptyDir"))
      .filter((scratch) => !scratch.isAbsent)
      .map((scratch) => scratch.get("sizeLimit"))
      .filter((limit) => limit.isAbsent || limit.isUnknown)
      .map((limit) => finding(resource, limit, "the emptyDir may fill its node: it has no sizeLimit")),
};
