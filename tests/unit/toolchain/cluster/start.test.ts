import { describeCluster } from "../../../../cli/cluster";
import { readiness } from "../../../../toolchain/cluster/kubectl";
import {
  clusterPackages,
  type Machine,
  requireClusterRoot,
  whyNotCluster,
} from "../../../../toolchain/cluster/requirements";
import { sizeOf } from "../../../../toolchain/cluster/start";
import { judge } from "../../../../toolchain/cluster/status";
import { GO_MODULES } from "../../../../toolchain/go-tools";

const version = GO_MODULES.kubernetes.version;
const running = { nodes: 3, version, kernelSettings: {} };

describe("how many nodes a start is about", () => {
  test("one where nothing runs, or as many as are wanted", () => {
    expect(sizeOf(undefined, undefined)).toBe(1);
    expect(sizeOf(3, undefined)).toBe(3);
  });

  test("those that run, when nobody says", () => {
    expect(sizeOf(undefined, running)).toBe(3);
    expect(sizeOf(3, running)).toBe(3);
  });

  test("another number than runs is refused, and what runs is left alone", () => {
    expect(() => sizeOf(1, running)).toThrow(
      `a cluster of 3 nodes runs Kubernetes ${version}, and 1 are wanted: stop it first`,
    );
    expect(() => sizeOf(undefined, { ...running, version: "1.30.0" })).toThrow(
      `runs Kubernetes 1.30.0, and ${version} is wanted`,
    );
  });
});

describe("a machine", () => {
  const good: Machine = {
    missingControllers: [],
    missingNamespaces: [],
    hasOverlay: true,
    filtersBridges: true,
    data: { folder: "/root/.cache/ralex/cluster", isOverlay: false },
    addressesInUse: [],
  };

  test("that has everything can run a cluster", () => expect(whyNotCluster(good)).toEqual([]));

  test("is asked nothing but by root", () => {
    expect(() => requireClusterRoot(false)).toThrow(/needs root on Linux.*: run this as root there/);
    expect(() => requireClusterRoot(true)).not.toThrow();
  });

  test("that lacks several things is told all of them, each with what to do", () => {
    const reasons = whyNotCluster({
      ...good,
      missingControllers: ["pids"],
      missingNamespaces: ["cgroup"],
      hasOverlay: false,
      filtersBridges: false,
      data: { folder: "/var/cache/ralex/cluster", isOverlay: true },
      addressesInUse: ["10.96.0.0/16 is wanted, and 10.0.0.0/8 is routed to vpn0"],
    });
    expect(reasons).toEqual([
      expect.stringMatching(/no control groups for pids .*cgroupfs-mount/),
      expect.stringMatching(/namespaces of the kinds cgroup/),
      expect.stringMatching(/modprobe overlay/),
      expect.stringMatching(/modprobe br_netfilter/),
      expect.stringMatching(/\/var\/cache\/ralex\/cluster, and nodes have a \/var of their own: point RALEX_CACHE_DIR/),
      expect.stringMatching(/overlay file system: point RALEX_CACHE_DIR/),
      expect.stringMatching(/routed to vpn0: remove that network or route/),
    ]);
  });
});

describe("packages of the machine", () => {
  const where = (...files: readonly string[]) => clusterPackages((file) => files.includes(file));

  test("are those that are not there yet", () => {
    expect(clusterPackages(() => true)).toEqual([]);
    expect(where()).toEqual(expect.arrayContaining(["containerd", "runc", "containernetworking-plugins", "iptables"]));
    expect(where("/usr/sbin/iptables")).not.toContain("iptables");
  });

  test("leave Docker's own containerd alone, which has no Debian package beside it", () => {
    const missing = where("/usr/bin/containerd", "/usr/bin/runc");
    expect(missing).not.toContain("containerd");
    expect(missing).not.toContain("runc");
    expect(where("/usr/bin/containerd")).toContain("runc");
  });
});

describe("the state of a cluster", () => {
  const list = (...items: readonly (readonly [string, string, string?])[]) =>
    JSON.stringify({
      items: items.map(([name, status, deletionTimestamp]) => ({
        metadata: { name, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
        status: { conditions: [{ type: "Ready", status }] },
      })),
    });

  test("counts what is Ready, and what is being deleted not at all", () => {
    expect(readiness(list(["a", "True"], ["b", "False"], ["c", "True", "2026-01-01T00:00:00Z"]))).toEqual([
      { name: "a", ready: true },
      { name: "b", ready: false },
    ]);
    expect(readiness(JSON.stringify({ items: [{ metadata: { name: "new" } }] }))).toEqual([
      { name: "new", ready: false },
    ]);
  });

  const pods = [
    { name: "coredns-1-x", ready: true },
    { name: "local-path-provisioner-1-x", ready: true },
    { name: "metrics-server-1-x", ready: false },
  ];
  const nodes = [{ name: "node1", ready: true }];

  test("is healthy with its nodes, names and volumes; metrics come later", () => {
    expect(judge(nodes, pods, [])).toEqual({ healthy: true, metrics: false });
    expect(judge(nodes, pods, ["node1"])).toEqual({ healthy: true, metrics: true });
    expect(judge(nodes, pods.slice(1), [])).toEqual({ healthy: false, metrics: false });
    expect(judge([...nodes, { name: "node2", ready: false }], pods, ["node1"])).toEqual({
      healthy: false,
      metrics: false,
    });
    expect(judge([], pods, [])).toEqual({ healthy: false, metrics: false });
  });

  test("is shown a line each, or with the command that starts one", () => {
    const state = {
      ...{ running: true, healthy: true, metrics: false, version: "1.34.4", kubeconfig: "/k", context: "ralex" },
      ...{ nodes, systemPods: pods, dataFolder: "/d", logFolder: "/l" },
    };
    expect(describeCluster(state).split("\n")).toEqual([
      "Kubernetes 1.34.4, context ralex",
      "  ready      node1",
      "  ready      coredns-1-x",
      "  ready      local-path-provisioner-1-x",
      "  not ready  metrics-server-1-x",
      "  not ready  metrics",
    ]);
    expect(describeCluster({ ...state, running: false })).toBe("no cluster runs: ./ralex cluster start");
    expect(describeCluster({ ...state, problem: "refused" })).toContain("refused\nits logs: /l");
  });
});
