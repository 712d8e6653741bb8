/** The Ralex API and the step that brings its database to the image's schema. */
import type { Settings } from "../../settings/schema";
import type { FileMount, Health, Scaling, Service } from "../model";
import type { Placement } from "../placement";
import { maxReplicasOf } from "../scaling";
import type { Stores } from "../stores";
import { join, secret } from "../text";
import { databaseUrl, postgresAccess, reaching, redisAccess, redisUrl } from "./access";
import { ASKED_RARELY } from "./health";

const SECRETS = "/etc/ralex/secrets";
const UPSTREAM_CA = "/etc/ralex/upstream_ca.crt";
/** User of the image's own Dockerfile. */
const USER = { uid: 10001, gid: 10001 };

const databaseFile = (stores: Stores): FileMount => ({
  path: `${SECRETS}/database_url`,
  content: databaseUrl(stores, "ralex"),
  secret: true,
});

/** The upstreams in order of preference; the first is the default. Keys are named by file, never written. */
export function upstreams(settings: Settings): { upstreams: readonly Record<string, string>[] } {
  const list: Record<string, string>[] = [];
  if (settings.secretsSet.has("openrouterApiKey")) {
    list.push({
      name: "openrouter",
      kind: "openai",
      base_url: "https://openrouter.ai/api/v1",
      api_key_file: `${SECRETS}/openrouter_api_key`,
    });
  }
  if (settings.upstreamUrl !== undefined) {
    const upstream: Record<string, string> = { name: "upstream", kind: "openai", base_url: settings.upstreamUrl };
    if (settings.secretsSet.has("upstreamApiKey")) upstream.api_key_file = `${SECRETS}/upstream_api_key`;
    if (settings.upstreamCaCertificate !== undefined) upstream.ca_file = UPSTREAM_CA;
    list.push(upstream);
  }
  return { upstreams: [...list, { name: "echo", kind: "echo" }] };
}

/** Runs the numbered migrations once an image or its settings change, before any replica starts. */
export function migrations(stores: Stores): Service {
  const database = databaseFile(stores);
  const job: Service = {
    name: "migrations",
    kind: "job",
    image: "ralex-api",
    replicas: 1,
    maxReplicas: 1,
    command: ["migrate"],
    environment: { RALEX_DATABASE_URL_FILE: database.path },
    files: [database],
    ports: {},
    volumes: [],
    scratch: [{ path: "/tmp", sizeMiB: 16 }],
    dependsOn: [{ service: "databases", condition: "completed" }],
    resources: { cpus: 0.5, memoryMiB: 256, pids: 64, requests: { cpus: 0.1, memoryMiB: 64 } },
    user: USER,
    stopGraceSeconds: 30,
    egress: false,
  };
  return reaching(job, postgresAccess(stores));
}

/** What differs where the image holds a foreign Ralex: of it only port 8000, `/health` and its entrypoint are known. */
function foreign(health: Health, stores: Stores): Partial<Service> {
  const ask = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)";
  return {
    health: { ...health, command: ["python", "-c", ask], startPeriodSeconds: 60 },
    dependsOn: [{ service: "databases", condition: "completed" }, ...redisAccess(stores).waits("healthy")],
    // Frameworks for agents take several times the bridge's memory.
    resources: { cpus: 1, memoryMiB: 1024, pids: 256, requests: { cpus: 0.1, memoryMiB: 256 } },
  };
}

/**
 * 62 MiB by itself, and the bridge answers three bodies of the largest size at once, each up to seven times in memory:
 * measured are 230 MiB with bodies of 8 MiB, 1407 MiB with 64.
 */
const memoryMiB = (bodyMiB: number): number => Math.max(256, 88 + 3 * 7 * bodyMiB);

/** Leaves room for what comes while another replica starts. */
const CPU_PERCENT = 70;

const scaling = ({ apiMaxReplicas, apiRequestsPerReplica, keda }: Settings): Scaling => ({
  mostReplicas: apiMaxReplicas,
  above:
    keda === undefined
      ? { cpuPercent: CPU_PERCENT }
      : { requests: apiRequestsPerReplica, query: 'sum(ralex_requests_running{job="api"})' },
});

export function api(settings: Settings, { stores }: Placement): Service {
  const database = databaseFile(stores);
  const keyFiles: FileMount[] = [
    ...(settings.secretsSet.has("openrouterApiKey")
      ? [{ path: `${SECRETS}/openrouter_api_key`, content: secret("openrouterApiKey"), secret: true }]
      : []),
    ...(settings.secretsSet.has("upstreamApiKey")
      ? [{ path: `${SECRETS}/upstream_api_key`, content: secret("upstreamApiKey"), secret: true }]
      : []),
  ];
  const health: Health = {
    command: ["python3.11", "-m", "ralex_bridge", "healthcheck"],
    http: { port: "http", path: "/health" },
    ...ASKED_RARELY,
    timeoutSeconds: 3,
    startPeriodSeconds: 20,
  };
  // What is pinned is what runs: a checkout mounted over it would be verified in its place.
  const isReloading = settings.hotReload && settings.release === undefined;
  const service: Service = {
    name: "api",
    kind: "service",
    image: isReloading ? "ralex-api-dev" : "ralex-api",
    replicas: settings.apiReplicas,
    maxReplicas: maxReplicasOf("api"),
    ...(settings.apiMaxReplicas > settings.apiReplicas ? { scaling: scaling(settings) } : {}),
    ...(isReloading ? { command: ["--reload"] } : {}),
    environment: {
      RALEX_API_KEYS_FILE: `${SECRETS}/api_keys.json`,
      RALEX_DATABASE_URL_FILE: database.path,
      RALEX_REDIS_URL_FILE: `${SECRETS}/redis_url`,
      RALEX_UPSTREAMS_FILE: "/etc/ralex/upstreams.json",
      RALEX_RATE_LIMIT_PER_MINUTE: String(settings.apiRateLimitPerMinute),
      RALEX_CACHE_TTL_SECONDS: String(settings.apiCacheTtlSeconds),
      RALEX_MAX_BODY_BYTES: String(settings.apiMaxBodyMib * 1024 * 1024),
      // The edge passes bodies on as they come, so this is the sender's time: at least 1 Mbit/s.
      RALEX_BODY_TIMEOUT_SECONDS: String(20 + 8 * settings.apiMaxBodyMib),
      RALEX_UPSTREAM_TIMEOUT_SECONDS: String(settings.upstreamTimeoutSeconds),
      RALEX_GRACE_SECONDS: String(settings.apiStopGraceSeconds),
      RALEX_LOG_LEVEL: settings.apiLogLevel,
      ...(settings.apiCorsOrigins === undefined ? {} : { RALEX_CORS_ORIGINS: settings.apiCorsOrigins }),
    },
    files: [
      database,
      { path: `${SECRETS}/redis_url`, content: redisUrl(stores, "api"), secret: true },
      {
        path: `${SECRETS}/api_keys.json`,
        content: join('[{"name":"default","sha256":"', secret("apiKey", "sha256"), '"}]\n'),
        secret: true,
      },
      { path: "/etc/ralex/upstreams.json", content: `${JSON.stringify(upstreams(settings))}\n`, secret: false },
      ...(settings.upstreamCaCertificate === undefined
        ? []
        : [{ path: UPSTREAM_CA, content: `${settings.upstreamCaCertificate.trim()}\n`, secret: false }]),
      ...keyFiles,
    ],
    ports: { http: { number: 8000, protocol: "tcp" } },
    health,
    ...(settings.source === undefined
      ? { readiness: { command: [...health.command, "--ready"], http: { port: "http", path: "/ready" } } }
      : {}),
    // A foreign tree may have no metrics, and a target that is never up would keep an alert firing.
    ...(settings.source === undefined ? { metrics: { port: "http", path: "/metrics" } } : {}),
    volumes: [],
    scratch: [{ path: "/tmp", sizeMiB: 32 }],
    ...(isReloading ? { source: { source: "images/ralex-api/ralex_bridge", path: "/app/ralex_bridge" } } : {}),
    dependsOn: [{ service: "migrations", condition: "completed" }, ...redisAccess(stores).waits("started")],
    resources: {
      ...{ cpus: 1, memoryMiB: memoryMiB(settings.apiMaxBodyMib), pids: 128 },
      requests: { cpus: 0.1, memoryMiB: 64 },
    },
    user: USER,
    // The bridge itself ends running answers within its grace; the rest is for flushing usage.
    stopGraceSeconds: settings.apiStopGraceSeconds + 5,
    egress: true,
    ...(settings.source === undefined ? {} : foreign(health, stores)),
  };
  return reaching(service, postgresAccess(stores), redisAccess(stores));
}
