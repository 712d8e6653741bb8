/** Open WebUI: the chat in the browser, talking to the API only. */
import type { Settings } from "../../settings/schema";
import type { FileMount, Service } from "../model";
import type { Placement } from "../placement";
import type { Stores } from "../stores";
import { address, secret, text } from "../text";
import { databaseUrl, postgresAccess, reaching, redisAccess, redisUrl } from "./access";
import { ASKED_RARELY } from "./health";
import { LARGEST_HEAD_BYTES } from "./nginx";

const API_KEY: FileMount = { path: "/etc/ralex/secrets/api_key", content: secret("apiKey"), secret: true };

/** Environment names that Open WebUI insists on, by the file that holds the value. */
const fromFiles = (stores: Stores): Readonly<Record<string, FileMount>> => ({
  DATABASE_URL: { path: "/etc/ralex/secrets/database_url", content: databaseUrl(stores, "openwebui"), secret: true },
  REDIS_URL: { path: "/etc/ralex/secrets/redis_url", content: redisUrl(stores, "openwebui"), secret: true },
  WEBSOCKET_REDIS_URL: {
    path: "/etc/ralex/secrets/websocket_redis_url",
    content: redisUrl(stores, "openwebui"),
    secret: true,
  },
  WEBUI_SECRET_KEY: { path: "/etc/ralex/secrets/secret_key", content: secret("webuiSecretKey"), secret: true },
  OPENAI_API_KEY: API_KEY,
  RAG_OPENAI_API_KEY: API_KEY,
  WEBUI_ADMIN_PASSWORD: { path: "/etc/ralex/secrets/admin_password", content: secret("adminPassword"), secret: true },
});

// Set inside the running interpreter: the process's listed environment never holds them.
const launcher = (
  files: Readonly<Record<string, FileMount>>,
): string => `"""Sets what Open WebUI reads from its environment from files, inside this process, and runs it."""
import os
import pathlib
import runpy
import sys

FILES = ${JSON.stringify(Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.path])), null, 4)}
for name, path in FILES.items():
    os.environ[name] = pathlib.Path(path).read_text(encoding="utf-8").strip()
sys.path.insert(0, os.getcwd())
sys.argv = [
    "uvicorn", "open_webui.main:app", "--host", "0.0.0.0", "--port", "8080",
    "--forwarded-allow-ips", "*", "--timeout-graceful-shutdown", "15",
    "--h11-max-incomplete-event-size", "${LARGEST_HEAD_BYTES}",
]
runpy.run_module("uvicorn", run_name="__main__")
`;

/** Every origin that the stack prints, its certificate names or a proxy in front has, as browsers write it: a scheme's own port is left out. */
const origins = ({ urls }: Placement): readonly string[] => [
  ...new Set([...urls.web, ...urls.tls].map((address) => new URL(address).origin)),
];

/** An upload lies in /tmp, which is memory, while it comes in, and is read whole. */
const memoryMiB = (uploadMiB: number): number => 1408 + 2 * uploadMiB;
const API_URL = text`http://${address("edge", "api")}/v1`;

export function openwebui(settings: Settings, placement: Placement): Service {
  const { stores } = placement;
  const secrets = fromFiles(stores);
  const service: Service = {
    name: "openwebui",
    kind: "service",
    image: "openwebui",
    replicas: 1,
    maxReplicas: 1,
    entrypoint: ["python3", "/etc/ralex/launch.py"],
    environment: {
      OPENAI_API_BASE_URL: API_URL,
      ENABLE_OLLAMA_API: "false",
      // Otherwise values changed in the browser would silently win over the settings.
      ENABLE_PERSISTENT_CONFIG: "false",
      ENABLE_SIGNUP: "false",
      WEBUI_ADMIN_EMAIL: settings.adminEmail,
      WEBUI_ADMIN_NAME: "Administrator",
      WEBUI_URL: placement.urls.web[0] ?? "",
      CORS_ALLOW_ORIGIN: origins(placement).join(";"),
      ENABLE_WEBSOCKET_SUPPORT: "true",
      WEBSOCKET_MANAGER: "redis",
      // A websocket's handshake has a bound of its own in the library that reads it.
      WEBSOCKETS_MAX_LINE_LENGTH: String(LARGEST_HEAD_BYTES),
      DATA_DIR: "/data",
      STATIC_DIR: "/data/static",
      HOME: "/tmp",
      // Nothing is fetched from a model hub. Embeddings are the API's business, for whoever chooses a model of an
      // upstream that has them; without its own address Open WebUI would ask OpenAI's. None is chosen, so documents go
      // into the prompt whole.
      OFFLINE_MODE: "true",
      HF_HUB_OFFLINE: "1",
      RAG_EMBEDDING_ENGINE: "openai",
      RAG_OPENAI_API_BASE_URL: API_URL,
      BYPASS_EMBEDDING_AND_RETRIEVAL: "true",
      // Each would be one more request to the upstream for every message.
      ENABLE_TITLE_GENERATION: "false",
      ENABLE_TAGS_GENERATION: "false",
      ENABLE_FOLLOW_UP_GENERATION: "false",
      ENABLE_VERSION_UPDATE_CHECK: "false",
      SCARF_NO_ANALYTICS: "true",
      DO_NOT_TRACK: "true",
      ANONYMIZED_TELEMETRY: "false",
    },
    files: [
      { path: "/etc/ralex/launch.py", content: launcher(secrets), secret: false },
      ...new Set(Object.values(secrets)),
    ],
    ports: { http: { number: 8080, protocol: "tcp" } },
    health: {
      command: [
        "python3",
        "-c",
        "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health', timeout=2).read()",
      ],
      http: { port: "http", path: "/health" },
      ...ASKED_RARELY,
      timeoutSeconds: 5,
      startPeriodSeconds: 120,
    },
    volumes: [{ volume: "openwebui", path: "/data", sizeGiB: 10, holds: "files" }],
    scratch: [{ path: "/tmp", sizeMiB: 192 + settings.webMaxUploadMib }],
    dependsOn: [{ service: "databases", condition: "completed" }, ...redisAccess(stores).waits("started")],
    resources: {
      cpus: 2,
      memoryMiB: memoryMiB(settings.webMaxUploadMib),
      pids: 256,
      requests: { cpus: 0.2, memoryMiB: 512 },
    },
    user: { uid: 10002, gid: 10002 },
    stopGraceSeconds: 30,
    egress: false,
  };
  return reaching(service, postgresAccess(stores), redisAccess(stores));
}
