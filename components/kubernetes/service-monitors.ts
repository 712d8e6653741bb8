/** What a Prometheus Operator is told of a stack, as plain data: whom to scrape, and when to alert. */
import type { Application, Service } from "../app/model";
import { alertRules } from "../app/services/prometheus";
import { pairsOf } from "../settings/metadata-lines";
import type { Settings } from "../settings/schema";
import { labels, poolName } from "./names";

/** Group and version of what only a cluster with the Prometheus Operator has. */
export const MONITORING_VERSION = "monitoring.coreos.com/v1";

/** What the operator calls the pods of every Prometheus that it runs. */
export const OPERATED_PROMETHEUS = { "app.kubernetes.io/name": "prometheus" } as const;

/** The operator's own default; an alert of a minute needs no more. */
const EVERY = "30s";

/** Name of the object with the alerts. */
const RULES = "ralex";

export interface MonitoringObject {
  readonly kind: "ServiceMonitor" | "PrometheusRule";
  readonly name: string;
  /** Those of every object of the stack, and those by which a Prometheus finds what is its own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One for each service that has metrics, and one with the alerts; none where nobody asked for them. */
export function monitoringObjects(
  stack: string,
  application: Application,
  namespace: string,
  { serviceMonitorLabels = "", serviceMonitors }: Settings,
): readonly MonitoringObject[] {
  if (serviceMonitors === undefined) return [];
  const chosen = pairsOf(serviceMonitorLabels);
  const labelsOf = (name: string) => ({ ...labels(stack, name), ...chosen });
  return [
    ...application.services.flatMap((service): MonitoringObject[] =>
      service.metrics === undefined
        ? []
        : [
            {
              kind: "ServiceMonitor",
              name: service.name,
              labels: labelsOf(service.name),
              spec: monitorSpec(stack, service, service.metrics),
            },
          ],
    ),
    {
      kind: "PrometheusRule",
      name: RULES,
      labels: labelsOf(RULES),
      spec: alertRules(`{namespace="${namespace}"}`),
    },
  ];
}

const monitorSpec = (
  stack: string,
  { name }: Service,
  { port, path }: NonNullable<Service["metrics"]>,
): MonitoringObject["spec"] => ({
  // The name that has an address for each replica.
  selector: { matchLabels: labels(stack, poolName(name)) },
  endpoints: [{ port, path, interval: EVERY, relabelings: [{ targetLabel: "job", replacement: name }] }],
});
