/** A client of the engine that {@link findEngine} finds, and why none answers. */
import * as fs from "node:fs";
import * as path from "node:path";
import type Docker from "dockerode";
import { EngineAddressError, findEngine, type EngineAddress } from "./address";

/** @throws EngineAddressError where nothing usable is named, or a certificate cannot be read. */
export function connectEngine(address: EngineAddress = findEngine()): Docker {
  // Loaded here: with SSH and protobuf it takes as long as all the rest of a command or a plugin that may not need it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make every caller wait
  const Client = require("dockerode") as typeof Docker;
  return new Client(clientOptions(address));
}

/** What dockerode connects by: all of it, since it takes what is left out from `DOCKER_HOST`. */
export function clientOptions({ host, from, certificates }: EngineAddress): Docker.DockerOptions {
  if (host.startsWith("unix://")) {
    return { socketPath: host.slice("unix://".length), host: undefined, port: undefined, protocol: "http" };
  }
  const { hostname, port } = new URL(host.replace(/^tcp:/, "http:"));
  // An address of IPv6 has brackets in a URL alone.
  const server = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) };
  if (certificates === undefined) return { ...server, protocol: "http" };
  const pem = (name: string): Buffer => {
    const file = path.join(certificates, name);
    try {
      return fs.readFileSync(file);
    } catch (error) {
      throw new EngineAddressError(
        `${from} asks for an encrypted connection, and ${file} cannot be read: ${(error as Error).message}. ` +
          "Put ca.pem, cert.pem and key.pem there, or name their folder in DOCKER_CERT_PATH",
      );
    }
  };
  return { ...server, protocol: "https", ca: pem("ca.pem"), cert: pem("cert.pem"), key: pem("key.pem") };
}

/** Why the engine at an address does not answer, with what to do; of the codes of the system, what each means here. */
export function noAnswer({ host, from }: EngineAddress, error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  const at = `the Docker Engine at ${host} (${from})`;
  const isSocket = host.startsWith("unix://");
  if (isSocket && (code === "EACCES" || code === "EPERM")) {
    return (
      `${at} may not be used by this user: add it to the group docker (sudo usermod -aG docker "$USER") and log in ` +
      "again, or use a rootless engine (dockerd-rootless-setuptool.sh install)"
    );
  }
  if (isSocket && code === "ENOENT") {
    return `${at} is not there: install Docker, or start Docker Desktop; if it is elsewhere, set DOCKER_HOST or docker context use`;
  }
  if (code === "ECONNREFUSED") {
    const start = isSocket
      ? "start it: Docker Desktop, sudo systemctl start docker, or systemctl --user start docker for a rootless one"
      : "start it, or correct the address";
    return `${at} does not run: ${start}`;
  }
  const said = error instanceof Error ? error.message : String(error);
  return `${at} does not answer: ${said || code}`;
}
