/**
 * Where the Docker Engine is, found as the docker CLI finds it, so that the commands, Pulumi's plugins and the CLI itself
 * speak to one engine.
 *
 * The order is the CLI's: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of Docker's configuration, a socket. Of
 * contexts, https://docs.docker.com/engine/manage-resources/contexts/ says what is read here.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";

const DEFAULT_SOCKET = "/var/run/docker.sock";
/** The context that stands for `DOCKER_HOST` or the usual socket. */
const DEFAULT_CONTEXT = "default";

export interface EngineAddress {
  /** As `DOCKER_HOST` takes it: `unix://<path>` or `tcp://<host>:<port>`. */
  readonly host: string;
  /** What named it, for messages. */
  readonly from: string;
  /** Folder of `ca.pem`, `cert.pem` and `key.pem`; absent where the connection is not encrypted. */
  readonly certificates?: string;
}

/** What names the engine names none that can be used. */
export class EngineAddressError extends Error {
  override readonly name = "EngineAddressError";
}

/** What is looked at. */
export interface EngineSurroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  readonly exists: (file: string) => boolean;
}

const here = (): EngineSurroundings => ({ environment: process.env, home: os.homedir(), exists: fs.existsSync });

/**
 * The engine that the environment, a context or a socket names.
 * @throws EngineAddressError that says what names it, what is wrong with that, and what to do.
 */
export function findEngine(surroundings: EngineSurroundings = here()): EngineAddress {
  const { environment, home } = surroundings;
  const host = environment.DOCKER_HOST ?? "";
  const folder = configFolder(surroundings);
  if (host !== "") {
    const given = environment.DOCKER_CERT_PATH ?? "";
    // The CLI's own place of certificates, where encryption is asked for and no other is named.
    const certificates = (environment.DOCKER_TLS_VERIFY ?? "") === "" ? undefined : given || folder;
    return addressOf(host, "DOCKER_HOST", certificates, "set DOCKER_HOST to one of these, or unset it");
  }
  const named = environment.DOCKER_CONTEXT ?? "";
  const context = named || currentContext(folder);
  if (context !== undefined && context !== DEFAULT_CONTEXT) {
    const by = named === "" ? `currentContext of ${path.join(folder, "config.json")}` : "DOCKER_CONTEXT";
    return contextAddress(folder, context, `the Docker context ${context} (${by})`);
  }
  const sockets = usualSockets(environment, home);
  const found = sockets.find((socket) => surroundings.exists(socket));
  if (found !== undefined) return { host: `unix://${found}`, from: "its socket" };
  return { host: `unix://${DEFAULT_SOCKET}`, from: `no socket at ${sockets.join(", ")}` };
}

/**
 * What a program needs in its environment to find the same engine; undefined for what has to be unset.
 *
 * The official docker provider takes a context before a host, so none is left.
 */
export function engineVariables({ host, certificates }: EngineAddress): Readonly<Record<string, string | undefined>> {
  return {
    DOCKER_HOST: host,
    DOCKER_CONTEXT: undefined,
    DOCKER_TLS_VERIFY: certificates === undefined ? undefined : "1",
    DOCKER_CERT_PATH: certificates,
  };
}

/** Folder of Docker's configuration: `DOCKER_CONFIG`, or `~/.docker`. */
export function configFolder({ environment, home }: Omit<EngineSurroundings, "exists"> = here()): string {
  return environment.DOCKER_CONFIG || path.join(home, ".docker");
}

/** The system's engine, a rootless one, Docker Desktop's on macOS. */
const usualSockets = ({ XDG_RUNTIME_DIR: runtime = "" }: NodeJS.ProcessEnv, home: string): readonly string[] => [
  DEFAULT_SOCKET,
  ...(runtime === "" ? [] : [path.join(runtime, "docker.sock")]),
  path.join(home, ".docker/run/docker.sock"),
];

function addressOf(host: string, from: string, certificates: string | undefined, remedy: string): EngineAddress {
  const problem = hostProblem(host);
  if (problem !== undefined) {
    throw new EngineAddressError(
      `${from} names the engine "${host}": ${problem}. Allowed are unix://<path> and tcp://<host>:<port>; ${remedy}`,
    );
  }
  const isEncrypted = certificates !== undefined && !host.startsWith("unix://");
  return { host, from, ...(isEncrypted ? { certificates } : {}) };
}

/** Why an address cannot be used, or undefined. */
function hostProblem(host: string): string | undefined {
  if (host.startsWith("unix:///")) return undefined;
  const port = Number(/^tcp:\/\/(?:[\w.-]+|\[[0-9a-fA-F:]+\]):(\d+)\/?$/.exec(host)?.[1] ?? NaN);
  if (port >= 1 && port <= 65535) return undefined;
  if (host.startsWith("ssh://")) {
    return `of the plugins and commands not all speak SSH. Forward its socket, ssh -nNT -L /tmp/docker.sock:${DEFAULT_SOCKET} ${host.slice("ssh://".length)}, and set DOCKER_HOST=unix:///tmp/docker.sock`;
  }
  if (host.startsWith("npipe:")) return "a pipe of Windows is not reached from here. Run this inside WSL 2";
  return "it is not the address of a Docker Engine";
}

const CONFIG = z.looseObject({ currentContext: z.string().optional() });
const CONTEXT = z.looseObject({
  Endpoints: z.looseObject({
    docker: z.looseObject({ Host: z.string().min(1), SkipTLSVerify: z.boolean().optional() }),
  }),
});

const currentContext = (folder: string): string | undefined => {
  const file = path.join(folder, "config.json");
  return fs.existsSync(file) ? read(file, CONFIG).currentContext || undefined : undefined;
};

function contextAddress(folder: string, name: string, from: string): EngineAddress {
  // The CLI names a context's folder by the digest of its name, so that any name is a file name.
  const key = createHash("sha256").update(name).digest("hex");
  const meta = path.join(folder, "contexts/meta", key, "meta.json");
  if (!fs.existsSync(meta)) {
    throw new EngineAddressError(
      `${from} does not exist: there is no ${meta}. docker context ls shows those that do; choose one with docker context use`,
    );
  }
  const { Host: host, SkipTLSVerify: isUnverified } = read(meta, CONTEXT).Endpoints.docker;
  const certificates = path.join(folder, "contexts/tls", key, "docker");
  const hasCertificates = fs.existsSync(certificates);
  if (hasCertificates && isUnverified === true) {
    throw new EngineAddressError(
      `${from} does not verify its engine's certificate, and every plugin here does: ` +
        `docker context update ${name} --docker host=${host},ca=<file>,cert=<file>,key=<file>`,
    );
  }
  return addressOf(host, from, hasCertificates ? certificates : undefined, "choose another with docker context use");
}

function read<Shape extends z.ZodType>(file: string, shape: Shape): z.infer<Shape> {
  try {
    return shape.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (error) {
    const said =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")
        : String(error instanceof Error ? error.message : error);
    throw new EngineAddressError(`${file} of Docker's configuration cannot be read: ${said}`);
  }
}
