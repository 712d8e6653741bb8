/**
 * Control groups of the cluster, in every hierarchy that the machine has: version 1, version 2, or both.
 *
 * Each node is the root of a control group namespace, so what its kubelet makes and measures is the node's.
 */
import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = "/sys/fs/cgroup";
export const CLUSTER_GROUP = "ralex-cluster";
/** For all that is no node's. */
export const CONTROL_PLANE_GROUP = `${CLUSTER_GROUP}/control-plane`;
export const nodeGroup = (node: string): string => `${CLUSTER_GROUP}/${node}`;
/** The node's own programs: under version 2, a group that hands controllers on may hold no process itself. */
export const nodeProgramsGroup = (node: string): string => `${nodeGroup(node)}/programs`;

/** How many groups are above a node's: the cluster's, and the machine's. */
const NODE_DEPTH = 2;

/** What a kubelet cannot do without. */
const NEEDED = ["cpu", "cpuset", "memory", "pids"] as const;
const CONTROLLER =
  /^(?:cpu|cpuacct|cpuset|memory|devices|freezer|blkio|pids|net_cls|net_prio|perf_event|hugetlb|rdma|misc|name=.+)$/;
const POLL_MS = 100;
/** Processes that were killed leave their groups within milliseconds; more means that one cannot die. */
const EMPTY_WITHIN_MS = 10_000;

interface Mount {
  readonly type: "tmpfs" | "cgroup" | "cgroup2";
  readonly folder: string;
  /** For `mount -o`. */
  readonly options: string;
}

/** The file systems at and below /sys/fs/cgroup, as /proc/mounts has them. */
export function groupMounts(mounts: string): readonly Mount[] {
  return mounts.split("\n").flatMap((line): Mount[] => {
    const [, folder = "", type = "", options = ""] = line.split(" ");
    if (folder !== ROOT && !folder.startsWith(`${ROOT}/`)) return [];
    if (type === "tmpfs") return [{ type, folder, options: "mode=755" }];
    if (type === "cgroup2") return [{ type, folder, options: "rw" }];
    if (type !== "cgroup") return [];
    const controllers = options.split(",").filter((option) => CONTROLLER.test(option));
    const named = controllers.every((controller) => controller.startsWith("name="));
    return [{ type, folder, options: [...(named ? ["none"] : []), ...controllers].join(",") }];
  });
}

/** Lines `type options folder`, for the init of a node, which mounts them anew in its namespace. */
export const mountLines = (mounts: readonly Mount[]): string =>
  mounts.map(({ type, options, folder }) => `${type} ${options} ${folder}\n`).join("");

export const readMounts = (): readonly Mount[] => groupMounts(fs.readFileSync("/proc/mounts", "utf8"));

/** Folders of the hierarchies. */
const hierarchies = (mounts: readonly Mount[]): readonly string[] =>
  mounts.filter(({ type }) => type !== "tmpfs").map(({ folder }) => folder);

/** Controllers that a kubelet needs and no hierarchy has. */
export function missingControllers(mounts: readonly Mount[]): readonly string[] {
  const present = mounts.flatMap(({ type, folder, options }) =>
    type === "cgroup2" ? words(path.join(folder, "cgroup.controllers")) : options.split(","),
  );
  return NEEDED.filter((name) => !present.includes(name));
}

/**
 * Makes a group and those above it, fit to hold processes.
 *
 * Under version 2 alone, the groups above hand their controllers on; that of the whole machine goes on doing so, as
 * with Docker. A node's own does not yet: it could take no process then, and its init does it.
 */
export function makeGroup(mounts: readonly Mount[], group: string): void {
  const handsOn = mounts.every(({ type }) => type === "cgroup2");
  for (const hierarchy of hierarchies(mounts)) {
    let parent = hierarchy;
    for (const [depth, part] of group.split("/").entries()) {
      if (handsOn && depth < NODE_DEPTH) handOn(parent);
      const folder = path.join(parent, part);
      if (!fs.existsSync(folder)) fs.mkdirSync(folder);
      // Version 1 begins with no processor and no memory, and takes no process then.
      for (const file of ["cpuset.cpus", "cpuset.mems"]) copyIfEmpty(path.join(parent, file), path.join(folder, file));
      parent = folder;
    }
  }
}

/** What a group's children may be limited in. */
function handOn(folder: string): void {
  const control = path.join(folder, "cgroup.subtree_control");
  const given = words(control);
  const missing = words(path.join(folder, "cgroup.controllers")).filter((name) => !given.includes(name));
  if (missing.length > 0) fs.writeFileSync(control, missing.map((name) => `+${name}`).join(" "));
}

function copyIfEmpty(from: string, to: string): void {
  if (!fs.existsSync(from) || !fs.existsSync(to) || fs.existsSync(path.join(path.dirname(to), "cgroup.controllers"))) {
    return;
  }
  if (words(to).length === 0) fs.writeFileSync(to, fs.readFileSync(from));
}

const words = (file: string): readonly string[] =>
  fs.existsSync(file) ? fs.readFileSync(file, "utf8").split(/\s+/).filter(Boolean) : [];

/** The files that a process writes its id to, to be in the group: one line each. */
export const processFiles = (mounts: readonly Mount[], group: string): string =>
  hierarchies(mounts)
    .map((folder) => `${path.join(folder, group, "cgroup.procs")}\n`)
    .join("");

/**
 * Removes a group and all below it, once their processes have ended.
 * @throws Error that names the group which still holds one
 */
export async function removeGroup(mounts: readonly Mount[], group: string): Promise<void> {
  const deadline = Date.now() + EMPTY_WITHIN_MS;
  for (const hierarchy of hierarchies(mounts)) {
    while (!removeTree(path.join(hierarchy, group))) {
      if (Date.now() > deadline) {
        throw new Error(`${path.join(hierarchy, group)} still holds processes, which do not end: see its cgroup.procs`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Whether nothing of it is left. Only folders can be removed, and only from the innermost outwards. */
function removeTree(folder: string): boolean {
  if (!fs.existsSync(folder)) return true;
  const children = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const emptied = children.map(({ name }) => removeTree(path.join(folder, name))).every(Boolean);
  if (!emptied) return false;
  try {
    fs.rmdirSync(folder);
    return true;
  } catch (error) {
    if (["EBUSY", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return !fs.existsSync(folder);
    throw error;
  }
}
