/** Ends a cluster, and leaves nothing of it on the machine. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { withLock } from "../lock";
import { progress } from "../progress";
import { HOST_INTERFACE } from "./addresses";
import { CLUSTER_GROUP, readMounts, removeGroup } from "./cgroups";
import { restoreKernelSettings } from "./kernel";
import { dataFolder, runFolder } from "./paths";
import { clusterProcess, namespaceInit, readRecord } from "./record";
import { requireClusterRoot } from "./requirements";

const POLL_MS = 20;
/** The kernel ends the processes of a namespace within a second; more means that one hangs in it. */
const ENDS_WITHIN_MS = 15_000;

/** Start and stop exclude each other, in whatever process. */
export async function withClusterLock<T>(work: () => Promise<T>): Promise<T> {
  requireClusterRoot();
  return withLock(path.join(path.dirname(runFolder()), "cluster-change"), work);
}

/**
 * Stops the cluster: its processes, mounts, interface, routes, control groups and kernel settings go.
 * @param keep leaves its data, so that a start goes on from there; otherwise they are removed
 * @returns whether there was anything to stop
 * @throws Error that names what could not be removed
 */
export const stopCluster = ({ keep = false }: { keep?: boolean } = {}): Promise<boolean> =>
  withClusterLock(() => stop(keep));

export async function stop(keep: boolean): Promise<boolean> {
  const leftovers = [runFolder(), ...(keep ? [] : [dataFolder()])].filter((folder) => fs.existsSync(folder));
  if (leftovers.length === 0) return false;
  await progress.step("stopping the cluster", 4, async () => {
    await endProcesses();
    // It goes with the namespace at its other end, at a time of the kernel's own.
    await execa("ip", ["link", "delete", HOST_INTERFACE], { reject: false, stdin: "ignore" });
    await removeGroup(readMounts(), CLUSTER_GROUP);
    const record = readRecord();
    if (record !== undefined) restoreKernelSettings(record.kernelSettings);
    for (const folder of leftovers) await fs.promises.rm(folder, { recursive: true, force: true });
  });
  return true;
}

/** Process 1 of the outer namespace takes every other one along, and `unshare`, its parent, ends after it. */
async function endProcesses(): Promise<void> {
  const parent = clusterProcess();
  if (parent === undefined) return;
  const deadline = Date.now() + ENDS_WITHIN_MS;
  while (clusterProcess() === parent) {
    // Looked for each time: an interrupted start may not have made it yet.
    const init = namespaceInit(parent);
    if (init !== undefined) kill(init);
    if (Date.now() > deadline)
      throw new Error(`the cluster's process ${init ?? parent} does not end: see its /proc folder`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
