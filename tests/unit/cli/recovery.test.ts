import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cancelStaleLock } from "../../../cli/recovery";
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
