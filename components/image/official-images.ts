/** The third-party images of the official registries, by tag: what the committed lock is made from. */
export interface OfficialImage {
  readonly repository: string;
  readonly tag: string;
  /** Most that the image may take on disk, unpacked, in MiB. */
  readonly sizeBudgetMiB: number;
  /**
   * Of software that keeps data: what this version writes, and so the only thing that an older one surely reads. The
   * major version of Postgres; the version of Redis' RDB files; the newest migration of Open WebUI's database.
   */
  readonly dataVersion?: string;
}

export const OFFICIAL_IMAGES: Readonly<Record<string, OfficialImage>> = {
  python: { repository: "python", tag: "3.11.16-slim-bookworm", sizeBudgetMiB: 150 },
  postgres: { repository: "postgres", tag: "15.19-bookworm", sizeBudgetMiB: 450, dataVersion: "15" },
  redis: { repository: "redis", tag: "7.4.11-bookworm", sizeBudgetMiB: 150, dataVersion: "rdb-12" },
  nginx: { repository: "nginx", tag: "1.30.5-trixie", sizeBudgetMiB: 200 },
  prometheus: { repository: "prom/prometheus", tag: "v3.15.0", sizeBudgetMiB: 500 },
  alertmanager: { repository: "prom/alertmanager", tag: "v0.34.1", sizeBudgetMiB: 150 },
  "node-exporter": { repository: "prom/node-exporter", tag: "v1.12.1", sizeBudgetMiB: 50 },
  "postgres-exporter": {
    repository: "quay.io/prometheuscommunity/postgres-exporter",
    tag: "v0.20.1",
    sizeBudgetMiB: 50,
  },
  "redis-exporter": { repository: "oliver006/redis_exporter", tag: "v1.90.0", sizeBudgetMiB: 50 },
  "nginx-exporter": { repository: "nginx/nginx-prometheus-exporter", tag: "1.5.1", sizeBudgetMiB: 50 },
  victorialogs: { repository: "victoriametrics/victoria-logs", tag: "v1.53.0", sizeBudgetMiB: 50 },
  "otel-collector": { repository: "otel/opentelemetry-collector-contrib", tag: "0.160.0", sizeBudgetMiB: 600 },
  openwebui: {
    repository: "ghcr.io/open-webui/open-webui",
    tag: "v0.12.4-slim",
    sizeBudgetMiB: 4500,
    dataVersion: "0bd252b206fb",
  },
  grafana: { repository: "grafana/grafana", tag: "13.2.1", sizeBudgetMiB: 1000 },
  // What a build is pushed to where no other registry is named; no service of the stack.
  registry: { repository: "registry", tag: "3.0.0", sizeBudgetMiB: 100 },
};
