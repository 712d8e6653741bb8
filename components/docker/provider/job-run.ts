import { randomBytes } from "node:crypto";
import { lastLines, limitProcesses, runToEnd } from "./engine";
import type { Kind } from "../../provider/kind";

export interface JobRunInputs {
  readonly container: string;
  readonly containerId: string;
  readonly pids: number;
  readonly after: readonly string[];
}

export const jobRun: Kind<JobRunInputs, Pick<JobRunInputs, "containerId" | "after">> = {
  compared: ({ containerId, after }) => ({ containerId, after }),
  replaces: ["containerId", "after"],

  async create({ container, containerId, pids, after }, { signal }) {
    await limitProcesses(container, pids);
    const said = await runToEnd(container, signal);
    if (signal.aborted) throw new Error(`interrupted while the job ${container} ran; it was stopped`);
    if (said.exitCode !== 0) {
      throw new Error(`the job ${container} ended with exit code ${said.exitCode}; ${lastLines(said)}`);
    }
    // Each run is another one, so that a job that waits for this one follows it.
    return { id: `${container}-${randomBytes(4).toString("hex")}`, outputs: { containerId, after } };
  },
};
