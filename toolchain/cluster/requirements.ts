/** What a cluster needs of the machine, told all at once, before anything is installed or started. */
import * as fs from "node:fs";
import execa from "execa";
import { addressesInUse, type Route } from "./addresses";
import { missingControllers, readMounts } from "./cgroups";
import { dataFolder } from "./paths";

/** Debian's packages, by a file of each that is used. */
const PACKAGES = {
  containerd: "/usr/bin/containerd",
  runc: "/usr/sbin/runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  "docker-registry": "/usr/bin/docker-registry",
  iproute2: "/usr/sbin/ip",
  iptables: "/usr/sbin/iptables",
  mount: "/usr/bin/mount",
  "util-linux": "/usr/bin/unshare",
} as const;
/** Docker's own package, in place of two of Debian's: both do, and installing one would remove the other. */
const CONTAINERD_IO = { containerd: PACKAGES.containerd, runc: "/usr/bin/runc" } as const;

/** What has to be installed. */
export function clusterPackages(exists: (file: string) => boolean = fs.existsSync): readonly string[] {
  const provided = Object.values(CONTAINERD_IO).every(exists) ? Object.keys(CONTAINERD_IO) : [];
  return Object.entries(PACKAGES)
    .filter(([name, file]) => !provided.includes(name) && !exists(file))
    .map(([name]) => name);
}

/** Of overlayfs, which cannot hold the changed part of another one. */
const OVERLAY = 0x794c7630;
const NAMESPACES = ["cgroup", "ipc", "mnt", "net", "pid", "uts"] as const;

/** @throws Error with the remedy, for anybody else: nothing else of the machine can be seen or changed */
export function requireClusterRoot(isRoot = process.platform === "linux" && process.getuid?.() === 0): void {
  if (!isRoot) throw new Error("a cluster needs root on Linux, for namespaces and mounts: run this as root there");
}

/** What is asked of the machine; tests answer otherwise. */
export interface Machine {
  readonly missingControllers: readonly string[];
  readonly missingNamespaces: readonly string[];
  readonly hasOverlay: boolean;
  readonly filtersBridges: boolean;
  readonly data: { readonly folder: string; readonly isOverlay: boolean };
  readonly addressesInUse: readonly string[];
}

/** As root on Linux. */
export async function inspectMachine(): Promise<Machine> {
  await loadModules();
  const folder = dataFolder();
  return {
    missingControllers: missingControllers(readMounts()),
    missingNamespaces: NAMESPACES.filter((name) => !fs.existsSync(`/proc/self/ns/${name}`)),
    hasOverlay: /\toverlay$/m.test(fs.readFileSync("/proc/filesystems", "utf8")),
    filtersBridges: fs.existsSync("/proc/sys/net/bridge/bridge-nf-call-iptables"),
    data: { folder, isOverlay: isOnOverlay(folder) },
    addressesInUse: addressesInUse(await presentRoutes()),
  };
}

/** Why a cluster cannot run on this machine, each with the remedy; empty where it can. */
export function whyNotCluster(machine: Machine): readonly string[] {
  const { folder, isOverlay } = machine.data;
  const covered = ["/etc", "/opt", "/var", "/tmp", "/run", "/sys", "/proc", "/dev"].find((name) =>
    `${folder}/`.startsWith(`${name}/`),
  );
  return [
    ...when(machine.missingControllers.length > 0, () => {
      const names = machine.missingControllers.join(", ");
      return `no control groups for ${names} at /sys/fs/cgroup: install cgroupfs-mount, or start the machine with them`;
    }),
    ...when(machine.missingNamespaces.length > 0, () => {
      return `the kernel has no namespaces of the kinds ${machine.missingNamespaces.join(", ")}: another kernel is needed`;
    }),
    ...when(!machine.hasOverlay, () => "the kernel has no overlay file system: modprobe overlay, or another kernel"),
    ...when(!machine.filtersBridges, () => {
      return "the kernel does not filter bridges, as Services need: modprobe br_netfilter, or another kernel";
    }),
    ...when(covered !== undefined, () => {
      return `its data would be in ${folder}, and nodes have a ${covered} of their own: point RALEX_CACHE_DIR elsewhere`;
    }),
    ...when(isOverlay, () => {
      return `its data would be in ${folder}, on an overlay file system: point RALEX_CACHE_DIR at another (ext4, xfs, btrfs)`;
    }),
    ...machine.addressesInUse.map(
      (clash) => `${clash}: remove that network or route, the cluster's addresses are fixed`,
    ),
  ];
}

const when = (condition: boolean, text: () => string): readonly string[] => (condition ? [text()] : []);

/** Where the kernel has them built in, or there is no such program, what follows tells. */
const loadModules = (): Promise<unknown> =>
  execa("modprobe", ["-a", "overlay", "br_netfilter"], { reject: false, stdin: "ignore" });

async function presentRoutes(): Promise<readonly Route[]> {
  const { failed, stdout } = await execa("ip", ["-json", "route", "show", "table", "all"], { reject: false });
  // Where the program is missing, it is installed afterwards, and a clash shows when addresses are given.
  return failed ? [] : (JSON.parse(stdout) as readonly Route[]);
}

function isOnOverlay(folder: string): boolean {
  let present = folder;
  while (!fs.existsSync(present)) present = present.slice(0, present.lastIndexOf("/")) || "/";
  return fs.statfsSync(present).type === OVERLAY;
}
