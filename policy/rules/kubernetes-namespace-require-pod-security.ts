import { WORKLOAD_TYPES } from "../readers/kubernetes";
import { isOfType, NAMESPACE, namespaceOf, objectName } from "../readers/kubernetes-objects";
import { finding, propertiesOf, type Finding, type Resource, type StackRule } from "../rule";

const LABEL = "pod-security.kubernetes.io/enforce";

/** What a manifest forgets, the API server refuses. */
export const kubernetesNamespaceRequirePodSecurity: StackRule = {
  scope: "stack",
  id: "K8-10",
  name: "kubernetes-namespace-require-pod-security",
  title: "Every namespace enforces Pod Security's restricted level",
  severity: "high",
  reason: {
    source: "Pod Security Admission; CIS Kubernetes Benchmark 5.2.1",
    link: "https://kubernetes.io/docs/concepts/security/pod-security-admission/",
  },
  fix: "Label the namespace pod-security.kubernetes.io/enforce: restricted; a namespace that hostAccessNamespaces lists may have another level.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...WORKLOAD_TYPES, NAMESPACE],
  check: (resources, { configuration }): readonly Finding[] => {
    const namespaces = resources.filter(isOfType(NAMESPACE));
    const known = new Set(namespaces.map(objectName));
    const missing = new Map<string, Resource>();
    for (const resource of resources.filter(isOfType(...WORKLOAD_TYPES))) {
      const namespace = namespaceOf(resource);
      if (!known.has(namespace) && !missing.has(namespace)) missing.set(namespace, resource);
    }
    return [
      ...namespaces.flatMap((resource) => {
        const level = propertiesOf(resource).at("metadata", "labels").get(LABEL);
        const name = objectName(resource);
        const isKept =
          level.text === "restricted" ||
          (level.text !== undefined && configuration.hostAccessNamespaces.includes(name));
        return isKept ? [] : [finding(resource, level, `namespace ${name} does not enforce the restricted level`)];
      }),
      ...[...missing].map(([namespace, { urn }]) => ({
        urn,
        path: "metadata.namespace",
        message: `namespace ${namespace} is not among what is judged, so nothing shows that it enforces the restricted level`,
      })),
    ];
  },
};
