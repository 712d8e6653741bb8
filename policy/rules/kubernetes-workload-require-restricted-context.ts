import { containerFindings, securityField, unlessKept } from "../pod-findings";
import { WORKLOAD_TYPES } from "../readers/kubernetes";
import type { ResourceRule } from "../rule";

const PROFILES: ReadonlySet<string> = new Set(["RuntimeDefault", "Localhost"]);

/** What a process may ask of the kernel is no more than it needs. */
export const kubernetesWorkloadRequireRestrictedContext: ResourceRule = {
  scope: "resource",
  id: "K8-02",
  name: "kubernetes-workload-require-restricted-context",
  title: "Every container forbids escalation, drops all capabilities and has a seccomp profile",
  severity: "high",
  reason: {
    source: "Pod Security Standards, restricted; CIS Kubernetes Benchmark 5.2.6, 5.2.10, 5.7.2",
    link: "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
  },
  fix: "Set allowPrivilegeEscalation: false, capabilities: {drop: [ALL]} and seccompProfile: {type: RuntimeDefault} in the securityContext.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES,
  check: (resource) =>
    containerFindings(resource, (container) => {
      const own = container.value.get("securityContext");
      if (own.isUnknown) return [[own, "has a security context that is not known yet"]];
      const escalation = own.get("allowPrivilegeEscalation");
      const dropped = own.at("capabilities", "drop");
      const added = own.at("capabilities", "add");
      const profile = securityField(container, "seccompProfile").get("type");
      return [
        ...unlessKept(escalation.isFalse, escalation, "may gain privileges: allowPrivilegeEscalation is not false"),
        ...unlessKept(
          dropped.items().some(({ text }) => text === "ALL"),
          dropped,
          "keeps capabilities: ALL is not dropped",
        ),
        ...added
          .items()
          .filter(({ text }) => text !== "NET_BIND_SERVICE")
          .map((one) => [one, "adds a capability other than NET_BIND_SERVICE"] as const),
        ...unlessKept(PROFILES.has(profile.text ?? ""), profile, "has no seccomp profile"),
      ];
    }),
};
