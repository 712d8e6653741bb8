/** The Docker Engine, and its errors in plain words. */
import type Docker from "dockerode";
import { EngineAddressError, findEngine, type EngineAddress } from "../../../../components/docker/engine/address";
import { connectEngine, noAnswer } from "../../../../components/docker/engine/client";
import { OperationError } from "../support/plugin";

let host: string | undefined;
let client: Docker | undefined;

/** Points at another engine than the one that the environment, a context or a socket names. */
export function useHost(address: string | undefined): void {
  host = address;
  client = undefined;
}

/** A host of the provider's own configuration is read as one of the environment. */
function address(): EngineAddress {
  if (host === undefined) return findEngine();
  const environment = { ...process.env, DOCKER_HOST: host };
  return { ...findEngine({ environment, home: "/", exists: () => false }), from: "the provider's host" };
}

export function engine(): Docker {
  client ??= connect();
  return client;
}

function connect(): Docker {
  try {
    return connectEngine(address());
  } catch (error) {
    if (error instanceof EngineAddressError) throw new OperationError(error.message);
    throw error;
  }
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
    return new OperationError(`${doing}: ${noAnswer(address(), error)}`);
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
