import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import { cancelStaleLock } from "../../../cli/recovery";
import { lacksSomething } from "../../../cli/targets/docker/recovery";
import { Workspace } from "../../../cli/workspace";

describe("the lock of an update", () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-recovery-"));
  afterAll(() => fs.rmSync(checkout, { recursive: true }));
  const workspace = new Workspace(checkout, {
    env: { PULUMI_BACKEND_URL: `file://${checkout}/.ralex/state` },
    standIns: [],
  });
  const folder = path.join(checkout, ".ralex/state/.pulumi/locks/organization/ralex/dev");
  const lock = (content: string): string => {
    fs.mkdirSync(folder, { recursive: true });
    const file = path.join(folder, "lock.json");
    fs.writeFileSync(file, content);
    return file;
  };
  /** No process has this id: it is above the kernel's largest. */
  const DEAD = 2 ** 22 + 1;

  beforeEach(() => jest.spyOn(console, "error").mockImplementation(() => undefined));
  afterEach(() => jest.restoreAllMocks());

  test("is removed when its owner is dead", async () => {
    const file = lock(JSON.stringify({ pid: DEAD, hostname: os.hostname() }));
    await cancelStaleLock(workspace, "ralex", "dev");
    expect(fs.existsSync(file)).toBe(false);
  });

  test("is removed when its owner died while writing it", async () => {
    const file = lock("");
    await cancelStaleLock(workspace, "ralex", "dev");
    expect(fs.existsSync(file)).toBe(false);
  });

  test("of a living owner that is just writing it is left alone", async () => {
    const file = lock("");
    setTimeout(() => fs.writeFileSync(file, JSON.stringify({ pid: process.pid, hostname: os.hostname() })), 100);
    await expect(cancelStaleLock(workspace, "ralex", "dev")).rejects.toThrow(`process ${process.pid}`);
    fs.rmSync(file);
  });

  test("is no matter when its owner removes it meanwhile", async () => {
    const file = lock("");
    setTimeout(() => fs.rmSync(file), 100);
    await cancelStaleLock(workspace, "ralex", "dev");
    expect(console.error).not.toHaveBeenCalled();
  });

  test("is removed when its owner has just been killed and nobody has asked for its end yet", async () => {
    // The shell never waits for its child, so the killed child stays a zombie.
    const shell = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]);
    const pid = Number(
      await new Promise<string>((resolve) => shell.stdout.once("data", (data) => resolve(String(data)))),
    );
    process.kill(pid, "SIGKILL");
    const file = lock(JSON.stringify({ pid, hostname: os.hostname() }));
    await cancelStaleLock(workspace, "ralex", "dev");
    expect(fs.existsSync(file)).toBe(false);
    shell.kill("SIGKILL");
  });

  test("of a living owner, or of another machine, is left alone and named", async () => {
    for (const owner of [
      { pid: process.pid, hostname: os.hostname() },
      { pid: DEAD, hostname: "another-machine" },
    ]) {
      const file = lock(JSON.stringify(owner));
      await expect(cancelStaleLock(workspace, "ralex", "dev")).rejects.toThrow(`process ${owner.pid}`);
      expect(fs.existsSync(file)).toBe(true);
      fs.rmSync(file);
    }
  });
});

describe("a stack whose resources are compared with the engine", () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-lacks-"));
  afterAll(() => fs.rmSync(checkout, { recursive: true }));
  const backend = path.join(checkout, ".ralex/state");
  const workspace = new Workspace(checkout, { env: { PULUMI_BACKEND_URL: `file://${backend}` }, standIns: [] });
  const CONTAINER = "docker:index/container:Container";
  const RESOURCES = [
    { type: CONTAINER, id: "api", inputs: {} },
    { type: CONTAINER, id: "migrations", inputs: { start: false, mustRun: false } },
    { type: "docker:index/network:Network", id: "private" },
    { type: "docker:index/volume:Volume", id: "data" },
    { type: "ralex:docker:Files", id: "files" },
    { type: "random:index/randomPassword:RandomPassword", id: "none" },
  ];
  const engine = (containers: Readonly<Record<string, string>>, networks = ["private"], volumes = ["data", "files"]) =>
    ({
      listContainers: () => Promise.resolve(Object.entries(containers).map(([Id, State]) => ({ Id, State }))),
      listNetworks: () => Promise.resolve(networks.map((Id) => ({ Id }))),
      listVolumes: () => Promise.resolve({ Volumes: volumes.map((Name) => ({ Name })) }),
    }) as unknown as Docker;
  beforeAll(() => {
    const folder = path.join(backend, ".pulumi/stacks/ralex");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(
      path.join(folder, "dev.json"),
      JSON.stringify({ checkpoint: { latest: { resources: RESOURCES } } }),
    );
  });

  const whole = { api: "running", migrations: "exited" };
  test.each<[string, Docker, boolean]>([
    ["everything is there", engine(whole), false],
    ["a container is being started again by the engine", engine({ ...whole, api: "restarting" }), false],
    ["a container is gone", engine({ migrations: "exited" }), true],
    ["a container that is to run was stopped", engine({ ...whole, api: "exited" }), true],
    ["a job's container is gone", engine({ api: "running" }), true],
    ["a network is gone", engine(whole, []), true],
    ["a volume is gone", engine(whole, ["private"], ["files"]), true],
    ["a volume of files is gone", engine(whole, ["private"], ["data"]), true],
  ])("when %s", async (_, docker, expected) => {
    expect(await lacksSomething(workspace, docker, "dev")).toBe(expected);
  });

  test("lacks nothing that it never had", async () => {
    expect(await lacksSomething(workspace, engine({}), "never-started")).toBe(false);
  });
});

describe("a workspace", () => {
  test("makes one passphrase, for its user only, and keeps to it", () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-workspace-"));
    const file = path.join(checkout, ".ralex/passphrase");
    new Workspace(checkout, { env: {}, standIns: [] });
    const passphrase = fs.readFileSync(file, "utf8");
    expect(passphrase.trim()).toHaveLength(43);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    new Workspace(checkout, { env: {}, standIns: [] });
    expect(fs.readFileSync(file, "utf8")).toBe(passphrase);
    fs.rmSync(checkout, { recursive: true });
  });
});
