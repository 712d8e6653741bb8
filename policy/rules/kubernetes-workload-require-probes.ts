import { containerFindings } from "../pod-findings";
import { kindOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import type { ResourceRule } from "../rule";
import type { Value } from "../value";

const PROBES = ["startup", "liveness", "readiness"] as const;
const SERVING = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod"]);

/** How programs call the question whether their dependencies answer. */
const READINESS = /(?:^|[/_-])(?:ready|readyz|readiness)\/?$/i;

/** Liveness never looks at a dependency: a database that is away must not restart everything that uses it. */
export const kubernetesWorkloadRequireProbes: ResourceRule = {
  scope: "resource",
  id: "K8-06",
  name: "kubernetes-workload-require-probes",
  title:
    "Every container with a port has a startup, a liveness and a readiness probe, and liveness does not ask for readiness",
  severity: "medium",
  reason: {
    source: "Kubernetes, Liveness, readiness and startup probes",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/probes/",
  },
  fix: "Ask for the process in startupProbe and livenessProbe (/health) and for its dependencies in readinessProbe (/ready).",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES.filter((type) => SERVING.has(kindOf(type))),
  check: (resource) =>
    containerFindings(resource, ({ role, value }) => {
      const isAsked = role === "main" || role === "sidecar";
      if (!isAsked || value.get("ports").items().length === 0) return [];
      const probe = (of: string): Value => value.get(`${of}Probe`);
      const asked = probe("liveness").at("httpGet", "path");
      return [
        ...PROBES.map((of) => [probe(of), `has no ${of} probe`] as const).filter(([at]) => at.isAbsent || at.isUnknown),
        ...(READINESS.test(asked.text ?? "")
          ? ([[asked, "is killed when it is not ready: liveness asks for readiness"]] as const)
          : []),
      ];
    }),
};
