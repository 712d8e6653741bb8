/** Prometheus: what it scrapes, where it finds it, and when it alerts. */
import type { Service, Text } from "../model";
import type { Placement } from "../placement";
import { address, pool } from "../text";
import { addresses, yamlText, type Yaml } from "../yaml-text";
import { base, tcp, wget } from "./observer";

const EVERY = "5s";

/** When somebody has to look. @param among - what restricts a metric to this stack's own, in PromQL. */
export const alertRules = (among = ""): { readonly groups: readonly Yaml[] } => ({
  groups: [
    {
      name: "ralex",
      rules: [
        {
          alert: "TargetDown",
          expr: `up${among} == 0`,
          for: "1m",
          labels: { severity: "critical" },
          annotations: { summary: "{{ $labels.job }} at {{ $labels.instance }} does not answer" },
        },
        {
          alert: "StoreDown",
          expr: `pg_up${among} == 0 or redis_up${among} == 0`,
          for: "1m",
          labels: { severity: "critical" },
          annotations: { summary: "{{ $labels.job }} does not get through to its store" },
        },
      ],
    },
  ],
});

/** Where the replicas of a service are found. */
const discovery = (
  { name, ports }: Service,
  port: string,
  { replicas }: Placement,
): { readonly [key: string]: Yaml } =>
  replicas === "addressed"
    ? { static_configs: [{ targets: [addresses(name, port)] }] }
    : {
        dns_sd_configs: [
          { type: "A", refresh_interval: EVERY, names: [pool(name, port)], port: ports[port]?.number ?? 0 },
        ],
      };

/** Scrapes every service that has metrics, one target a replica. */
const configuration = (scraped: readonly Service[], placement: Placement): Text =>
  yamlText({
    global: { scrape_interval: EVERY, evaluation_interval: EVERY },
    rule_files: ["/etc/ralex/rules.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [address("alertmanager", "http")] }] }] },
    scrape_configs: scraped.flatMap((service) =>
      service.metrics === undefined
        ? []
        : [
            {
              job_name: service.name,
              metrics_path: service.metrics.path,
              ...discovery(service, service.metrics.port, placement),
            },
          ],
    ),
  });

/** @param scraped - what it scrapes beside itself. */
export function prometheus(scraped: readonly Service[], placement: Placement): Service {
  const self: Service = {
    ...base,
    name: "prometheus",
    image: "prometheus",
    entrypoint: ["/bin/prometheus"],
    command: [
      "--config.file=/etc/ralex/prometheus.yml",
      "--storage.tsdb.path=/prometheus",
      "--storage.tsdb.retention.time=15d",
    ],
    ports: { http: tcp(9090) },
    health: wget(9090, "/-/healthy"),
    metrics: { port: "http", path: "/metrics" },
    volumes: [{ volume: "prometheus", path: "/prometheus", sizeGiB: 10, holds: "database" }],
    resources: { cpus: 0.5, memoryMiB: 384, pids: 128, requests: { cpus: 0.05, memoryMiB: 96 } },
    stopGraceSeconds: 30,
  };
  return {
    ...self,
    files: [
      { path: "/etc/ralex/prometheus.yml", content: configuration([...scraped, self], placement), secret: false },
      { path: "/etc/ralex/rules.yml", content: yamlText(alertRules()), secret: false },
    ],
  };
}
