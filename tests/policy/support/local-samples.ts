/** Resources of a Docker Engine, of a Compose file and of a build that keep every rule. */
import { DIGEST, IMAGE } from "./kubernetes-samples";
import { resource } from "./rule-cases";

export const CONTAINER = resource("docker:index/container:Container", {
  name: "api",
  image: IMAGE,
  envs: ["LOG_LEVEL=info", "API_KEY_FILE=/etc/ralex/secrets/key"],
  command: ["--port", "8000"],
  memory: 512,
  restart: "unless-stopped",
  healthcheck: { tests: ["CMD", "curl", "-f", "http://127.0.0.1:8000/health"] },
  securityOpts: ["no-new-privileges"],
  mounts: [{ type: "volume", source: "ralex-data", target: "/data" }],
  ports: [{ internal: 8000, external: 8000, ip: "127.0.0.1" }],
});

export const SERVICE = resource("compose:index:Service", {
  image: IMAGE,
  environment: { LOG_LEVEL: "info", API_KEY: "${API_KEY}" },
  mem_limit: "512m",
  restart: "unless-stopped",
  healthcheck: { test: ["CMD", "curl", "-f", "http://127.0.0.1:8000/health"] },
  security_opt: ["no-new-privileges:true"],
  volumes: ["data:/data"],
  ports: ["127.0.0.1:8000:8000"],
});

export const STORE = resource("compose:index:Service", {
  ...SERVICE.properties,
  image: `postgres@${DIGEST}`,
  ports: [],
  volumes: ["data:/var/lib/postgresql/data"],
});

export const VOLUME = resource("docker:index/volume:Volume", { name: "ralex-data" }, { options: { protect: true } });

export const BUILD = resource(
  "docker-build:index:Image",
  {
    context: { location: "images/ralex-api" },
    buildArgs: { PYTHON_IMAGE: `python@${DIGEST}`, SOURCE_DATE_EPOCH: "1700000000" },
    platforms: ["linux/amd64", "linux/arm64"],
    push: true,
    tags: ["registry.example/ralex/ralex-api:1.2.3"],
    ssh: [{ id: "deploy" }],
  },
  { options: { retainOnDelete: true } },
);
