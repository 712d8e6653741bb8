import { lastLines, limitProcesses, runToEnd } from "./engine";
import type { Kind } from "./kind";

export interface JobRunInputs {
  readonly container: string;
  readonly containerId: string;
  readonly pids: number;
}

export const jobRun: Kind<JobRunInputs, Pick<JobRunInputs, "containerId">> = {
  compared: ({ containerId }) => ({ containerId }),
  replaces: ["containerId"],

  async create({ container, containerId, pids }, { signal }) {
    await limitProcesses(container, pids);
    const said = await runToEnd(container, signal);
    if (signal.aborted) throw new Error(`interrupted while the job ${container} ran; it was stopped`);
    if (said.exitCode !== 0) {
      throw new Error(`the job ${container} ended with exit code ${said.exitCode}; ${lastLines(said)}`);
    }
    return { id: container, outputs: { containerId } };
  },
};
