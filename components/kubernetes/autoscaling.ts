/** What changes the number of a service's replicas with its load, as plain data: by CPU, or by KEDA. */
import type { types } from "@pulumi/kubernetes";
import type { Scaling, Service } from "../app/model";

/** Group and version of what only a cluster with KEDA has. */
export const KEDA_VERSION = "keda.sh/v1alpha1";

/** What KEDA's operator calls its own pods, in its manifests and in its chart. */
export const KEDA_OPERATOR = { app: "keda-operator" } as const;

/** How often KEDA asks, in seconds: as often as Prometheus itself asks the replicas. */
const ASKED_EVERY = 5;

export type Autoscaler =
  | {
      readonly kind: "HorizontalPodAutoscaler";
      readonly apiVersion: "autoscaling/v2";
      readonly spec: types.input.autoscaling.v2.HorizontalPodAutoscalerSpec;
    }
  | {
      readonly kind: "ScaledObject";
      readonly apiVersion: typeof KEDA_VERSION;
      readonly spec: Readonly<Record<string, unknown>>;
    };

/** @param namespace - of the application, whose Prometheus KEDA asks from a namespace of its own. */
export function autoscaler(
  { name, replicas }: Service,
  { above, mostReplicas }: Scaling,
  namespace: string,
): Autoscaler {
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name };
  if ("cpuPercent" in above) {
    const target = { type: "Utilization", averageUtilization: above.cpuPercent };
    return {
      kind: "HorizontalPodAutoscaler",
      apiVersion: "autoscaling/v2",
      spec: {
        scaleTargetRef,
        minReplicas: replicas,
        maxReplicas: mostReplicas,
        metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
      },
    };
  }
  return {
    kind: "ScaledObject",
    apiVersion: KEDA_VERSION,
    spec: {
      scaleTargetRef,
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
            query: above.query,
            threshold: String(above.requests),
            // No answer is not a load of zero.
            ignoreNullValues: "false",
          },
        },
      ],
    },
  };
}
