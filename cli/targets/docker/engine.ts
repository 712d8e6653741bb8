/** The Docker Engine of the commands, and the same one for every program that they run. */
import type Docker from "dockerode";
import {
  EngineAddressError,
  engineVariables,
  findEngine,
  type EngineAddress,
} from "../../../components/docker/engine/address";
import { connectEngine, noAnswer } from "../../../components/docker/engine/client";
import { Failure } from "../../failure";

export interface Engine {
  readonly docker: Docker;
  readonly address: EngineAddress;
  /** To be set for programs that look for the engine; undefined is to be unset. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** @throws Failure where what names the engine names none; whether one answers is not asked. */
export function namedEngine(): Engine {
  try {
    const address = findEngine();
    return { docker: connectEngine(address), address, variables: engineVariables(address) };
  } catch (error) {
    if (error instanceof EngineAddressError) throw new Failure(error.message);
    throw error;
  }
}

/** @throws Failure with what to do, where no engine answers: the client's own error names a socket and no more. */
export async function runningEngine(): Promise<Engine> {
  const engine = namedEngine();
  await engine.docker.ping().catch((error: unknown) => {
    throw new Failure(noAnswer(engine.address, error));
  });
  return engine;
}
