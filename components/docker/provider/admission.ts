/** Keeps requests away from a replica while it is replaced. */
import { setTimeout as sleep } from "node:timers/promises";
import { exec, inspected } from "./engine";
import { untilHealthy } from "./health";
import type { Kind } from "../../provider/kind";

export interface AdmissionInputs {
  readonly container: string;
  readonly containerId: string;
  readonly edge: string;
  /** A file in the edge: while it is there, the replica is out of rotation. */
  readonly drainFile: string;
  /** Whether other replicas stand in for this one. */
  readonly drains: boolean;
  /** A command in the replica whose exit code 0 says that its process is healthy; absent where it has no such check. */
  readonly check?: readonly string[];
  readonly checkSeconds?: number;
  /** A command in the replica whose exit code 0 says that it can serve; empty where there is no such question. */
  readonly readiness: readonly string[];
  readonly waitSeconds: number;
}

/** Between two questions whether a replica is ready; each costs about a fifth of a second of CPU. */
const READY_POLL_MS = 400;
/** A request that the edge was just about to pass on still reaches the replica before it is told to stop. */
const SETTLE_MS = 500;

/** Runs a command in the edge; one that does not run starts with every replica in rotation. */
async function atEdge(edge: string, command: readonly string[]): Promise<boolean> {
  if ((await inspected(edge))?.State.Running !== true) return false;
  const { exitCode, stderr } = await exec(edge, command);
  if (exitCode !== 0) throw new Error(`${command[0]} in ${edge} ended with exit code ${exitCode}: ${stderr.trim()}`);
  return true;
}

async function untilReady({ container, readiness, waitSeconds }: AdmissionInputs, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const asked = await exec(container, readiness);
    if (asked.exitCode === 0) return;
    if (signal.aborted) throw new Error(`interrupted while waiting until ${container} is ready`);
    if (Date.now() > deadline) {
      throw new Error(
        `${container} is healthy, but was not ready within ${waitSeconds} s: ${`${asked.stderr}${asked.stdout}`.trim()}\n` +
          `The edge sends it no requests, and other replicas go on as they were; see docker logs ${container}`,
      );
    }
    await sleep(READY_POLL_MS);
  }
}

type Outputs = Omit<AdmissionInputs, "check" | "checkSeconds" | "readiness" | "waitSeconds">;

export const admission: Kind<AdmissionInputs, Outputs> = {
  compared: ({ container, containerId, edge, drainFile, drains }) => ({
    container,
    containerId,
    edge,
    drainFile,
    drains,
  }),
  replaces: ["containerId"],
  deleteFirst: true,

  async create(inputs, { signal }) {
    const { container, check, checkSeconds = 0, waitSeconds } = inputs;
    if (check !== undefined) await untilHealthy({ container, check, checkSeconds, waitSeconds }, signal);
    if (inputs.readiness.length > 0) await untilReady(inputs, signal);
    await atEdge(inputs.edge, ["rm", "-f", inputs.drainFile]);
    const { containerId, edge, drainFile, drains } = inputs;
    return { id: container, outputs: { container, containerId, edge, drainFile, drains } };
  },

  async delete({ edge, drainFile, drains }) {
    if (!drains) return;
    // An edge that is in trouble must not keep a rollback from happening; it passes over a replica that is gone.
    const drained = await atEdge(edge, ["touch", drainFile]).catch((error: unknown) => {
      console.error(`${edge} could not be told to leave out a replica, so a request may fail: ${String(error)}`);
      return false;
    });
    if (drained) await sleep(SETTLE_MS);
  },
};
