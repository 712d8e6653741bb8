/** What observes a stack: exporters, Alertmanager and the log store, and Prometheus over all of them. */
import type { LogStore, Service } from "../model";
import type { Placement } from "../placement";
import type { Stores } from "../stores";
import { address, join, secret, text } from "../text";
import { yamlText } from "../yaml-text";
import { databasePassword, postgresAccess, reaching, redisAccess } from "./access";
import { base, tcp, wget } from "./observer";
import { prometheus } from "./prometheus";

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
      content: yamlText({
        route: { receiver: "none", group_by: ["alertname", "job"] },
        receivers: [{ name: "none" }],
      }),
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

/** The monitoring of the given services, which it scrapes together with itself; less what the platform does. */
export function monitoring(services: readonly Service[], placement: Placement): readonly Service[] {
  const isOwn = placement.metrics === "own";
  const observed = [
    ...(placement.logs === "platform" ? [] : [victorialogs(placement)]),
    ...(isOwn ? [alertmanager] : []),
    ...(placement.machines === "own" ? [nodeExporter] : []),
    postgresExporter(placement.stores),
    redisExporter(placement.stores),
    nginxExporter,
  ];
  return isOwn ? [...observed, prometheus([...services, ...observed], placement)] : observed;
}
