import { podContainers } from "../pod-findings";
import { podSpecOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { namespaceOf } from "../readers/kubernetes-objects";
import { finding, propertiesOf, type Finding, type ResourceRule } from "../rule";

const SHARED = ["hostNetwork", "hostPID", "hostIPC"] as const;

/** A pod that reaches its node reaches every other pod there. */
export const kubernetesWorkloadDisallowHostAccess: ResourceRule = {
  scope: "resource",
  id: "K8-03",
  name: "kubernetes-workload-disallow-host-access",
  title: "No pod reaches its node: not privileged, no namespace, path or port of the host",
  severity: "critical",
  reason: {
    source: "Pod Security Standards, baseline; CIS Kubernetes Benchmark 5.2.2 to 5.2.5",
    link: "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
  },
  fix: "Remove it. What has to read the node (a collector of logs) belongs into a namespace of its own that hostAccessNamespaces of policy/config/<stack>.json lists; privileged is refused there too.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES,
  check: (resource, { configuration }): readonly Finding[] => {
    const pod = podSpecOf(resource.type, propertiesOf(resource));
    const containers = podContainers(resource);
    const privileged = containers
      .map(({ name, value }) => ({ name, at: value.at("securityContext", "privileged") }))
      .filter(({ at }) => at.isTrue || at.isUnknown)
      .map(({ name, at }) => finding(resource, at, `container ${name} is privileged`));
    if (pod.isUnknown || configuration.hostAccessNamespaces.includes(namespaceOf(resource))) return privileged;
    return [
      ...privileged,
      ...SHARED.map((key) => pod.get(key))
        .filter((at) => at.isTrue || at.isUnknown)
        .map((at) => finding(resource, at, "the pod shares a namespace of its node")),
      ...pod
        .get("volumes")
        .items()
        .map((volume) => volume.get("hostPath"))
        .filter((at) => !at.isAbsent)
        .map((at) => finding(resource, at, "a volume is a path of the node")),
      ...containers.flatMap(({ name, value }) =>
        value
          .get("ports")
          .items()
          .map((port) => port.get("hostPort"))
          .filter((at) => !at.isAbsent && at.raw !== 0)
          .map((at) => finding(resource, at, `container ${name} takes a port of the node`)),
      ),
    ];
  },
};
