import { containerFindings, unlessKept } from "../pod-findings";
import { WORKLOAD_TYPES } from "../readers/kubernetes";
import type { ResourceRule } from "../rule";

/** Who gets in cannot leave anything behind. */
export const kubernetesWorkloadRequireReadOnlyRoot: ResourceRule = {
  scope: "resource",
  id: "K8-04",
  name: "kubernetes-workload-require-read-only-root",
  title: "The root filesystem of every container is read-only",
  severity: "medium",
  reason: {
    source: "NSA Kubernetes Hardening Guide 1.2, Immutable container file systems",
    link: "https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF",
  },
  fix: "Set securityContext.readOnlyRootFilesystem to true, and mount an emptyDir where the program writes (/tmp).",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES,
  check: (resource) =>
    containerFindings(resource, ({ value }) => {
      const at = value.at("securityContext", "readOnlyRootFilesystem");
      return unlessKept(at.isTrue, at, "can write to its root filesystem: readOnlyRootFilesystem is not true");
    }),
};
