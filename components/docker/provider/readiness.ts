import { inspected, limitProcesses } from "./engine";
import { untilHealthy } from "./health";
import type { Call, Kind } from "../../provider/kind";

interface Limited {
  readonly name: string;
  readonly id: string;
  readonly pids: number;
}

interface Started extends Limited {
  /** A command whose exit code 0 says that the container is healthy; absent where it has none. */
  readonly check?: readonly string[];
  readonly checkSeconds?: number;
}

export interface ReadinessInputs {
  readonly containers: readonly Started[];
  readonly waitSeconds: number;
}

interface ReadinessOutputs {
  readonly containers: readonly Limited[];
}

/** While what is replaced with a container is worked out, the engine gives a whole input as a mark of the unknown. */
const limits = ({ containers }: ReadinessInputs): ReadinessOutputs =>
  Array.isArray(containers)
    ? { containers: (containers as readonly Started[]).map(({ name, id, pids }) => ({ name, id, pids })) }
    : { containers };

async function settle(inputs: ReadinessInputs, { signal }: Call): Promise<ReadinessOutputs> {
  await Promise.all(inputs.containers.map(({ id, pids }) => limitProcesses(id, pids)));
  await Promise.all(
    inputs.containers.flatMap(({ name, check, checkSeconds = 0 }) =>
      check === undefined
        ? []
        : [untilHealthy({ container: name, check, checkSeconds, waitSeconds: inputs.waitSeconds }, signal)],
    ),
  );
  return limits(inputs);
}

export const readiness: Kind<ReadinessInputs, ReadinessOutputs> = {
  compared: (inputs) => ({ ...limits(inputs) }),
  replaces: [],
  create: async (inputs, call) => ({ id: "ready", outputs: await settle(inputs, call) }),
  update: (inputs, _, call) => settle(inputs, call),

  async read({ containers }) {
    const now = await Promise.all(
      containers.map(async (container) => {
        const found = await inspected(container.id);
        return found === undefined ? [] : [{ ...container, pids: found.HostConfig.PidsLimit ?? 0 }];
      }),
    );
    return { containers: now.flat() };
  },
};
