import { inspected, limitProcesses } from "./engine";
import type { Kind } from "./kind";

interface Limited {
  readonly name: string;
  readonly id: string;
  readonly pids: number;
}

export interface LimitsInputs {
  readonly containers: readonly Limited[];
}

const set = async ({ containers }: LimitsInputs): Promise<LimitsInputs> => {
  await Promise.all(containers.map(({ id, pids }) => limitProcesses(id, pids)));
  return { containers };
};

export const processLimits: Kind<LimitsInputs, LimitsInputs> = {
  compared: ({ containers }) => ({ containers }),
  replaces: [],
  create: async (inputs) => ({ id: "process-limits", outputs: await set(inputs) }),
  update: set,

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
