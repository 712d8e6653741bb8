import { containerFindings, securityField, unlessKept } from "../pod-findings";
import { WORKLOAD_TYPES } from "../readers/kubernetes";
import { namespaceOf } from "../readers/kubernetes-objects";
import type { ResourceRule } from "../rule";

/** Root inside is root outside for whoever gets out. */
export const kubernetesWorkloadDisallowRoot: ResourceRule = {
  scope: "resource",
  id: "K8-01",
  name: "kubernetes-workload-disallow-root",
  title: "No container of a pod runs as root",
  severity: "high",
  reason: {
    source: "Pod Security Standards, restricted; CIS Kubernetes Benchmark 5.2.7",
    link: "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
  },
  fix: "Set securityContext.runAsNonRoot to true and runAsUser to a number that is not 0, for the pod or for each container. What reads files of the node belongs into a namespace of hostAccessNamespaces.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES,
  check: (resource, { configuration }) => {
    // Files of a node belong to root.
    if (configuration.hostAccessNamespaces.includes(namespaceOf(resource))) return [];
    return containerFindings(resource, (container) => {
      const [nonRoot, user] = [securityField(container, "runAsNonRoot"), securityField(container, "runAsUser")];
      if (!user.isAbsent && user.number === 0) return [[user, "runs as user 0, which is root"]];
      return [
        ...unlessKept(nonRoot.isTrue, nonRoot, "may run as root: runAsNonRoot is not true"),
        ...(user.isUnknown && !nonRoot.isUnknown ? ([[user, "runs as a user that is not known yet"]] as const) : []),
      ];
    });
  },
};
