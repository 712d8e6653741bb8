/** What runs: the process that everything ends with, and what it was started for. */
import * as fs from "node:fs";
import * as path from "node:path";
import writeFileAtomic from "write-file-atomic";
import { runningDaemon } from "../engines/daemon";
import { runFolder } from "./paths";

/** Name of the process's own record and log. */
export const DAEMON = "cluster";

export interface ClusterRecord {
  readonly nodes: number;
  /** Of Kubernetes. */
  readonly version: string;
  /** Settings of the kernel that have no namespace, as they were before. */
  readonly kernelSettings: Readonly<Record<string, string>>;
}

const file = (): string => path.join(runFolder(), "record.json");

/** Of the cluster that runs, or was not stopped properly. */
export function readRecord(): ClusterRecord | undefined {
  if (!fs.existsSync(file())) return undefined;
  return JSON.parse(fs.readFileSync(file(), "utf8")) as ClusterRecord;
}

export function writeRecord(record: ClusterRecord): void {
  fs.mkdirSync(runFolder(), { recursive: true });
  writeFileAtomic.sync(file(), `${JSON.stringify(record, null, 2)}\n`);
}

/** Process id of `unshare`, whose child is process 1 of the cluster's namespaces; undefined when nothing runs. */
export const clusterProcess = (): number | undefined => runningDaemon(DAEMON, runFolder());

/** The child of a process that has no other, as soon as it is in a network namespace of its own. */
export function namespaceInit(parent: number): number | undefined {
  try {
    const [child] = fs.readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
    if (child === undefined || child === "") return undefined;
    const isOwn = fs.readlinkSync(`/proc/${child}/ns/net`) !== fs.readlinkSync("/proc/self/ns/net");
    return isOwn ? Number(child) : undefined;
  } catch {
    // One of them has ended.
    return undefined;
  }
}
