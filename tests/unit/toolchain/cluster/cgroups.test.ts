import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  groupMounts,
  makeGroup,
  missingControllers,
  mountLines,
  processFiles,
  removeGroup,
} from "../../../../toolchain/cluster/cgroups";

const VERSION_1 = `proc /proc proc rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw,nosuid,mode=755 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,release_agent=/lib/x,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nsdelegate 0 0
cgroup /elsewhere/cpu cgroup rw,cpu 0 0
`;

describe("the control groups of a machine", () => {
  test("are mounted again in a node: the same hierarchies, in the same order", () => {
    expect(mountLines(groupMounts(VERSION_1))).toBe(
      "tmpfs mode=755 /sys/fs/cgroup\n" +
        "cgroup cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct\n" +
        "cgroup cpuset /sys/fs/cgroup/cpuset\n" +
        "cgroup memory /sys/fs/cgroup/memory\n" +
        "cgroup none,name=systemd /sys/fs/cgroup/systemd\n" +
        "cgroup2 rw /sys/fs/cgroup/unified\n",
    );
  });

  test("of version 2 alone are one mount", () => {
    expect(mountLines(groupMounts("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"))).toBe(
      "cgroup2 rw /sys/fs/cgroup\n",
    );
  });

  test("lack what a kubelet needs by name", () => {
    expect(missingControllers(groupMounts(VERSION_1))).toEqual(["pids"]);
    expect(missingControllers([])).toEqual(["cpu", "cpuset", "memory", "pids"]);
  });
});

describe("a group", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-groups-"));
  const folder = (name: string) => path.join(root, name);
  const version1 = [{ type: "cgroup" as const, folder: folder("cpuset"), options: "cpuset" }];
  const version2 = [{ type: "cgroup2" as const, folder: folder("unified"), options: "rw" }];
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(folder(file)), { recursive: true });
    fs.writeFileSync(folder(file), text);
  };
  const read = (file: string) => fs.readFileSync(folder(file), "utf8");
  afterAll(() => fs.rmSync(root, { recursive: true }));

  test("of version 1 is made with those above it, with their processors and memory", () => {
    write("cpuset/cpuset.cpus", "0-1\n");
    write("cpuset/cpuset.mems", "0\n");
    // What the kernel makes in a new group.
    write("cpuset/cluster/cpuset.cpus", "\n");
    write("cpuset/cluster/cpuset.mems", "\n");
    makeGroup(version1, "cluster/node1");
    expect([read("cpuset/cluster/cpuset.cpus"), read("cpuset/cluster/cpuset.mems")]).toEqual(["0-1\n", "0\n"]);
    expect(fs.existsSync(folder("cpuset/cluster/node1"))).toBe(true);
    expect(processFiles(version1, "cluster/node1")).toBe(`${folder("cpuset/cluster/node1/cgroup.procs")}\n`);
  });

  test("of version 2 gets the controllers from those above a node, and a node may still hold processes", () => {
    for (const name of [".", "cluster", "cluster/node1"]) {
      write(`unified/${name}/cgroup.controllers`, "cpu memory pids\n");
      write(`unified/${name}/cgroup.subtree_control`, name === "." ? "cpu\n" : "");
    }
    makeGroup(version2, "cluster/node1/programs");
    expect(read("unified/cgroup.subtree_control")).toBe("+memory +pids");
    expect(read("unified/cluster/cgroup.subtree_control")).toBe("+cpu +memory +pids");
    expect(read("unified/cluster/node1/cgroup.subtree_control")).toBe("");
    expect(fs.existsSync(folder("unified/cluster/node1/programs"))).toBe(true);
  });

  test("beside version 1 hands nothing on under version 2", () => {
    write("hybrid/cgroup.controllers", "hugetlb\n");
    write("hybrid/cgroup.subtree_control", "");
    makeGroup([...version1, { type: "cgroup2", folder: folder("hybrid"), options: "rw" }], "cluster/node1");
    expect(read("hybrid/cgroup.subtree_control")).toBe("");
    expect(fs.existsSync(folder("hybrid/cluster/node1"))).toBe(true);
  });

  test("is removed with all below it, and nothing beside it", async () => {
    for (const file of ["cpuset.cpus", "cpuset.mems"]) fs.rmSync(folder(`cpuset/cluster/${file}`));
    fs.mkdirSync(folder("cpuset/cluster/node1/kubepods/pod1"), { recursive: true });
    fs.mkdirSync(folder("cpuset/other"));
    await removeGroup(version1, "cluster");
    await removeGroup(version1, "cluster");
    expect(fs.readdirSync(folder("cpuset")).sort()).toEqual(["cpuset.cpus", "cpuset.mems", "other"]);
  });
});
