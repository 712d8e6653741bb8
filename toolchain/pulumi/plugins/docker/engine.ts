/** The Docker Engine, and its errors in plain words. */
import Docker from "dockerode";
import { OperationError } from "../support/plugin";

let host: string | undefined;
let client: Docker | undefined;

/** Points at another engine than DOCKER_HOST or the usual socket. */
export function useHost(address: string | undefined): void {
  host = address;
  client = undefined;
}

const address = (): string => host ?? process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock";

export function engine(): Docker {
  client ??= connect(address());
  return client;
}

function connect(to: string): Docker {
  if (to.startsWith("unix://")) return new Docker({ socketPath: to.slice("unix://".length) });
  const url = /^(?:tcp|http):\/\/(.+):(\d+)\/?$/.exec(to);
  if (url === null)
    throw new OperationError(`the Docker host "${to}" is neither unix://<path> nor tcp://<host>:<port>`);
  return new Docker({ protocol: "http", host: url[1], port: Number(url[2]) });
}

/** An answer of the engine that is an error, or a failure to reach it. */
interface EngineError {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message: string;
}

const asEngineError = (error: unknown): EngineError =>
  error instanceof Error ? (error as Error & EngineError) : { message: String(error) };

export const isGone = (error: unknown): boolean => asEngineError(error).statusCode === 404;
export const isConflict = (error: unknown): boolean => asEngineError(error).statusCode === 409;

/** The engine's own sentence, without the wrapping of HTTP and JSON. */
export const engineMessage = (error: unknown): string =>
  asEngineError(error)
    .message.replace(/^\(HTTP code \d+\) [^-]*- /, "")
    .trim();

/** Says what went wrong and what to do about it. */
export function explain(error: unknown, doing: string): OperationError {
  if (error instanceof OperationError) return error;
  const { code } = asEngineError(error);
  const message = engineMessage(error);
  if (code === "ECONNREFUSED" || code === "ENOENT" || code === "EACCES" || code === "ECONNRESET") {
    return new OperationError(
      `${doing}: Docker does not answer at ${address()} (${code}). Start it, or set DOCKER_HOST to the engine to use`,
    );
  }
  const port =
    /Bind for (\S+) failed: port is already allocated/.exec(message)?.[1] ??
    /listen \w+ (\S+): bind: address already in use/.exec(message)?.[1];
  if (port !== undefined) {
    const number = port.split(":").at(-1) ?? port;
    return new OperationError(
      `${doing}: port ${number} is taken (${port}). Stop what listens there (ss -ltnp 'sport = :${number}' shows it; ` +
        `docker ps --filter publish=${number} if it is a container), or choose another port in the settings`,
    );
  }
  if (/no space left on device/i.test(message)) {
    return new OperationError(
      `${doing}: the disk is full. Free space (docker system df shows what Docker holds) and run again`,
    );
  }
  return new OperationError(`${doing}: ${message}`);
}

/** Runs an operation of the engine; its errors come out explained. */
export async function explained<T>(doing: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw explain(error, doing);
  }
}

/** The result, or undefined where the engine does not know the thing. */
export async function unlessGone<T>(doing: string, operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw explain(error, doing);
  }
}
