/** What changes the number of a service's replicas with its load, as plain data: by CPU, or by KEDA. */
import type { types } from "@pulumi/kubernetes";
import type { Scaling, Service } from "../app/model";

/** Group and version of what only a cluster with KEDA has. */
export const KEDA_VERSION = "keda.sh/v1alpha1";

/** What KEDA's operator calls its own pods, in its manifests and in its chart. */
export const KEDA_OPERATOR = { app: "keda-operator" } as const;

/** How often KEDA asks, in seconds: as often as Prometheus itself asks the replicas. */
const ASKED_EVERY = 5;

/** What is scaled on; undefined for a service that is scaled on something else. */
export const cpuOf = ({ above }: Scaling): number | undefined => ("cpuPercent" in above ? above.cpuPercent : undefined);

const target = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name });

export const autoscalerSpec = (
  { name, replicas }: Service,
  { mostReplicas }: Scaling,
  cpuPercent: number,
): types.input.autoscaling.v2.HorizontalPodAutoscalerSpec => ({
  scaleTargetRef: target(name),
  minReplicas: replicas,
  maxReplicas: mostReplicas,
  metrics: [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpuPercent } } },
  ],
});

/**
 * For a service that is scaled on requests.
 * @param namespace - of the application, whose Prometheus KEDA asks from a namespace of its own.
 */
export function scaledObjectSpec({ name, replicas }: Service, { above, mostReplicas }: Scaling, namespace: string) {
  const { query, requests } = "query" in above ? above : { query: "", requests: 0 };
  return {
    scaleTargetRef: target(name),
    minReplicaCount: replicas,
    maxReplicaCount: mostReplicas,
    pollingInterval: ASKED_EVERY,
    // While Prometheus is away nobody knows the load: what runs goes on.
    fallback: { failureThreshold: 3, replicas, behavior: "currentReplicasIfHigher" },
    triggers: [
      {
        type: "prometheus",
        metricType: "AverageValue",
        metadata: {
          serverAddress: `http://prometheus.${namespace}.svc:9090`,
          query,
          threshold: String(requests),
          // No answer is not a load of zero.
          ignoreNullValues: "false",
        },
      },
    ],
  };
}
