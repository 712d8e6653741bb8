/** The local registry of a machine that reaches no other: loopback only, plain HTTP. */
import * as fs from "node:fs";
import * as path from "node:path";
import { aptInstall } from "../apt";
import { cacheRoot, RUN_FOLDER } from "../paths";
import { ensureDaemon, requireRoot } from "./daemon";
import { ask } from "./http";

const HOST = "127.0.0.1";
const PORT = 5055;
export const REGISTRY = `${HOST}:${PORT}`;
export const REGISTRY_PACKAGES = ["docker-registry"] as const;

const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** What is pushed to it. */
export const registryStorage = (): string => path.join(cacheRoot(), "registry");

/** Configuration of Debian's docker-registry (distribution 2.8). */
export const registryConfiguration = (storage: string): string => `version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: ${JSON.stringify(storage)} }
  delete: { enabled: true }
http: { addr: "${REGISTRY}" }
`;

export async function registryAnswers(): Promise<boolean> {
  const answer = await ask({ host: HOST, port: PORT }, "GET", "/v2/");
  return answer?.headers["docker-distribution-api-version"] === "registry/2.0";
}

/** Makes sure that the local registry answers. Returns whether it was started now. */
export async function ensureRegistry(): Promise<boolean> {
  if (await registryAnswers()) return false;
  requireRoot(`the registry at ${REGISTRY}`);
  await aptInstall(REGISTRY_PACKAGES);
  const configuration = path.join(RUN_FOLDER, "registry.yml");
  const storage = registryStorage();
  return ensureDaemon({
    name: "registry",
    program: "/usr/bin/docker-registry",
    args: ["serve", configuration],
    prepare: () => {
      fs.mkdirSync(storage, { recursive: true });
      fs.writeFileSync(configuration, registryConfiguration(storage));
    },
    answers: registryAnswers,
    startSeconds: 20,
  });
}

/** Whether the registry still has a digest of a repository (the path, without the registry's address). */
export async function registryHas(repository: string, digest: string): Promise<boolean> {
  const answer = await ask({ host: HOST, port: PORT }, "HEAD", `/v2/${repository}/manifests/${digest}`, {
    accept: MANIFEST_TYPES,
  });
  return answer?.status === 200;
}
