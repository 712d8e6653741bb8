/** Prometheus, its exporters, Alertmanager and the log store. */
import type { LogStore, Service, Text } from "../model";
import type { Placement } from "../placement";
import type { Stores } from "../stores";
import { address, eachAddress, join, pool, secret, text } from "../text";
import { databasePassword, postgresAccess, reaching, redisAccess } from "./access";
import { ASKED_RARELY } from "./health";

const NOBODY = { uid: 65534, gid: 65534 };

const base = {
  kind: "service",
  replicas: 1,
  maxReplicas: 1,
  environment: {},
  files: [],
  volumes: [],
  scratch: [],
  dependsOn: [],
  resources: { cpus: 0.25, memoryMiB: 64, pids: 64, requests: { cpus: 0.01, memoryMiB: 16 } },
  user: NOBODY,
  stopGraceSeconds: 10,
  egress: false,
} as const;

const tcp = (number: number) => ({ number, protocol: "tcp" }) as const;

/** Of Prometheus and Alertmanager, whose images have busybox; docs/official-images.md says what each image has. */
const wget = (port: number, path: string): Service["health"] => ({
  command: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${port}${path}`],
  http: { port: "http", path },
  ...ASKED_RARELY,
  timeoutSeconds: 3,
  startPeriodSeconds: 20,
});

const nodeExporter: Service = {
  ...base,
  name: "node-exporter",
  image: "node-exporter",
  ports: { http: tcp(9100) },
  metrics: { port: "http", path: "/metrics" },
};

function postgresExporter(stores: Stores): Service {
  const access = postgresAccess(stores);
  const exporter: Service = {
    ...base,
    name: "postgres-exporter",
    image: "postgres-exporter",
    environment: {
      // Go's driver insists on TLS unless it is told otherwise.
      DATA_SOURCE_URI: join(access.end("monitoring"), stores.postgres === "container" ? "?sslmode=disable" : ""),
      DATA_SOURCE_USER: "monitoring",
      DATA_SOURCE_PASS_FILE: "/etc/ralex/secrets/password",
    },
    files: [{ path: "/etc/ralex/secrets/password", content: secret(databasePassword("monitoring")), secret: true }],
    ports: { http: tcp(9187) },
    metrics: { port: "http", path: "/metrics" },
    dependsOn: [{ service: "databases", condition: "completed" }],
  };
  return reaching(exporter, access);
}

function redisExporter(stores: Stores): Service {
  const access = redisAccess(stores);
  const { scheme, authority, user, caFile } = access;
  const password = secret(access.password, "json");
  // Releases before 1.50 look the password up by the address without the user.
  const addresses = [...(user === undefined ? [] : [`${scheme}://${user}@`]), `${scheme}://`];
  const entries = addresses.map((start, index) =>
    join(index === 0 ? '"' : ',"', start, authority, '":"', password, '"'),
  );
  const exporter: Service = {
    ...base,
    name: "redis-exporter",
    image: "redis-exporter",
    environment: {
      REDIS_ADDR: join(`${scheme}://`, authority),
      ...(user === undefined ? {} : { REDIS_USER: user }),
      REDIS_PASSWORD_FILE: "/etc/ralex/secrets/passwords.json",
      ...(caFile === undefined ? {} : { REDIS_EXPORTER_TLS_CA_CERT_FILE: caFile }),
    },
    files: [{ path: "/etc/ralex/secrets/passwords.json", content: join("{", ...entries, "}\n"), secret: true }],
    ports: { http: tcp(9121) },
    metrics: { port: "http", path: "/metrics" },
    dependsOn: access.waits("started"),
  };
  return reaching(exporter, access);
}

const nginxExporter: Service = {
  ...base,
  name: "nginx-exporter",
  image: "nginx-exporter",
  command: [text`--nginx.scrape-uri=http://${address("edge", "status")}/-/status`],
  ports: { http: tcp(9113) },
  metrics: { port: "http", path: "/metrics" },
  dependsOn: [{ service: "edge", condition: "started" }],
};

const alertmanager: Service = {
  ...base,
  name: "alertmanager",
  image: "alertmanager",
  entrypoint: ["/bin/alertmanager"],
  command: [
    "--config.file=/etc/ralex/alertmanager.yml",
    "--storage.path=/alertmanager",
    // One instance: without this it looks for peers on an address of its own choosing.
    "--cluster.listen-address=",
  ],
  files: [
    {
      path: "/etc/ralex/alertmanager.yml",
      content: "route: { receiver: none, group_by: [alertname, job] }\nreceivers: [{ name: none }]\n",
      secret: false,
    },
  ],
  ports: { http: tcp(9093) },
  health: wget(9093, "/-/healthy"),
  metrics: { port: "http", path: "/metrics" },
  volumes: [{ volume: "alertmanager", path: "/alertmanager", sizeGiB: 1, holds: "database" }],
};

/** The store of logs, and what it is told by. */
export const logStore = (logs: "sent" | "collected"): LogStore => ({
  service: "victorialogs",
  ...(logs === "sent"
    ? { port: "syslog" }
    : { port: "http", collector: { name: "log-collector", image: "otel-collector" } }),
});

const victorialogs = ({ logs }: Placement): Service => ({
  ...base,
  name: "victorialogs",
  image: "victorialogs",
  entrypoint: ["/victoria-logs-prod"],
  command: [
    "-storageDataPath=/victoria-logs-data",
    "-retentionPeriod=14d",
    ...(logs === "sent" ? ["-syslog.listenAddr.udp=:5514"] : []),
    "-memory.allowedPercent=50",
  ],
  ports: { http: tcp(9428), ...(logs === "sent" ? { syslog: { number: 5514, protocol: "udp" } as const } : {}) },
  // The image has nothing but the program, which cannot ask itself: Prometheus tells when it does not answer.
  metrics: { port: "http", path: "/metrics" },
  volumes: [{ volume: "victorialogs", path: "/victoria-logs-data", sizeGiB: 10, holds: "database" }],
  resources: { cpus: 0.5, memoryMiB: 256, pids: 128, requests: { cpus: 0.02, memoryMiB: 64 } },
});

const RULES = `groups:
  - name: ralex
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 1m
        labels: { severity: critical }
        annotations: { summary: "{{ $labels.job }} at {{ $labels.instance }} does not answer" }
      - alert: StoreDown
        expr: pg_up == 0 or redis_up == 0
        for: 1m
        labels: { severity: critical }
        annotations: { summary: "{{ $labels.job }} does not get through to its store" }
`;

/** Where Prometheus finds the replicas of a service. */
const targetsOf = ({ name, ports }: Service, port: string, { replicas }: Placement): Text =>
  replicas === "addressed"
    ? join("    static_configs:\n      - targets:\n", eachAddress(name, port, "          - '", "'\n"))
    : join(
        "    dns_sd_configs:\n      - { type: A, refresh_interval: 5s, names: ['",
        pool(name, port),
        `'], port: ${ports[port]?.number} }\n`,
      );

/** Scrapes every service that has metrics, one target a replica. */
function scrapeConfiguration(scraped: readonly Service[], placement: Placement): Text {
  return join(
    "global: { scrape_interval: 5s, evaluation_interval: 5s }\n",
    "rule_files: [/etc/ralex/rules.yml]\n",
    "alerting: { alertmanagers: [{ static_configs: [{ targets: ['",
    address("alertmanager", "http"),
    "'] }] }] }\n",
    "scrape_configs:\n",
    ...scraped.flatMap((service) => {
      const { name, metrics } = service;
      if (metrics === undefined) return [];
      return [
        `  - job_name: ${name}\n    metrics_path: ${metrics.path}\n`,
        targetsOf(service, metrics.port, placement),
      ];
    }),
  );
}

function prometheus(scraped: readonly Service[], placement: Placement): Service {
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
      { path: "/etc/ralex/prometheus.yml", content: scrapeConfiguration([...scraped, self], placement), secret: false },
      { path: "/etc/ralex/rules.yml", content: RULES, secret: false },
    ],
  };
}

/** The monitoring of the given services, which it scrapes together with itself; less what the platform keeps. */
export function monitoring(services: readonly Service[], placement: Placement): readonly Service[] {
  const observed = [
    ...(placement.logs === "platform" ? [] : [victorialogs(placement)]),
    alertmanager,
    ...(placement.machines === "own" ? [nodeExporter] : []),
    postgresExporter(placement.stores),
    redisExporter(placement.stores),
    nginxExporter,
  ];
  return [...observed, prometheus([...services, ...observed], placement)];
}
