/** A command that is told to end while Pulumi, here a script that stands for it, works. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { livingOf } from "../../support/process-tree";

const CHECKOUT = path.resolve(__dirname, "../../..");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-interruption-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const locks = path.join(folder, ".ralex/state/.pulumi/locks/organization/p/dev");
const log = path.join(folder, "log");

/**
 * Takes a lock, starts a plugin in a group of its own, and ends a second after the first signal.
 * @param end - what it does when it is told to end.
 */
function installPulumi(end: string): void {
  const owner = `{"pid":'$$',"hostname":"${os.hostname()}","username":"me","timestamp":"'$(date -Iseconds -d '+1 second')'"}`;
  const script = [
    "#!/bin/bash",
    "set -m",
    "sleep 60 >/dev/null 2>&1 & echo plugin $! >> log",
    `trap 'echo told >> log; ${end}' INT TERM HUP`,
    `echo '${owner}' > ${locks}/own.json`,
    "echo working >> log",
    "for i in $(seq 100); do sleep 0.1; done",
  ];
  fs.writeFileSync(path.join(folder, "pulumi"), `${script.join("\n")}\n`, { mode: 0o755 });
}

const GRACEFUL = `sleep 1; kill %1; rm ${locks}/own.json; exit 1`;

const lines = (): readonly string[] => fs.readFileSync(log, "utf8").trim().split("\n");

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > end) throw new Error("it did not come to that within 10 s");
  }
}

beforeEach(() => {
  fs.rmSync(log, { force: true });
  fs.mkdirSync(locks, { recursive: true });
  // Another command's, on another machine, and one of ours of another command with another number.
  fs.writeFileSync(path.join(locks, "../other.json"), "");
});

/** A command at work, leading a group as a shell's job does. */
async function working() {
  const script = path.join(CHECKOUT, "tests/support/pulumi-command.ts");
  const hook = path.join(CHECKOUT, "toolchain/typescript.js");
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_")));
  const command = execa(process.execPath, ["--require", hook, script, folder, "p", "dev", "up"], {
    cwd: folder,
    env: { ...env, PATH: `${folder}:${process.env.PATH}` },
    extendEnv: false,
    detached: true,
    reject: false,
    stdin: "ignore",
  });
  await until(() => fs.existsSync(log) && lines().includes("working"));
  const plugin = Number(/plugin (\d+)/.exec(lines().join("\n"))?.[1]);
  return { command, pid: command.pid ?? 0, plugin };
}

const SAID = "interrupted: waiting for Pulumi to finish what it has begun";

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)(
  "%s reaches Pulumi once, and the command ends after it with %i and without its lock",
  async (signal, code) => {
    installPulumi(GRACEFUL);
    const { command, pid, plugin } = await working();
    process.kill(pid, signal);
    const { exitCode, stderr } = await command;
    expect(exitCode).toBe(code);
    expect(stderr).toContain(SAID);
    expect(stderr).toContain("interrupted: Pulumi has ended");
    expect(stderr).not.toContain("removing the lock");
    expect(lines().filter((line) => line === "told")).toHaveLength(1);
    expect(fs.readdirSync(locks)).toEqual([]);
    expect(livingOf([plugin])).toEqual([]);
  },
);

test("a terminal's Ctrl-C, which goes to the whole group, and every further signal make one for Pulumi", async () => {
  installPulumi(GRACEFUL);
  const { command, pid } = await working();
  process.kill(-pid, "SIGINT");
  await until(() => lines().includes("told"));
  process.kill(-pid, "SIGINT");
  process.kill(-pid, "SIGTERM");
  const { exitCode, stderr } = await command;
  expect(exitCode).toBe(130);
  expect(stderr.match(/interrupted again: still waiting for Pulumi/g)).not.toBeNull();
  expect(lines().filter((line) => line === "told")).toHaveLength(1);
});

test("a lock that Pulumi could not remove is removed, nobody else's is, and its plugins end", async () => {
  installPulumi("kill -KILL $$");
  const { command, pid, plugin } = await working();
  const foreign = {
    elsewhere: { pid: 1, hostname: "another-machine" },
    beside: { pid: process.pid, hostname: os.hostname() },
  };
  for (const [name, owner] of Object.entries(foreign)) {
    fs.writeFileSync(path.join(locks, `${name}.json`), JSON.stringify(owner));
  }
  process.kill(pid, "SIGINT");
  const { exitCode, stderr } = await command;
  expect([exitCode, stderr]).toEqual([130, expect.stringContaining("removing the lock of Pulumi")]);
  expect(fs.readdirSync(locks).sort()).toEqual(["beside.json", "elsewhere.json"]);
  await until(() => livingOf([plugin]).length === 0);
  fs.rmSync(locks, { recursive: true });
});

test("a lock older than the process that has its number now is another one's", async () => {
  installPulumi("kill -KILL $$");
  const { command, pid } = await working();
  const own = path.join(locks, "own.json");
  const owner = JSON.parse(fs.readFileSync(own, "utf8")) as object;
  fs.writeFileSync(own, JSON.stringify({ ...owner, timestamp: "2026-01-01T00:00:00Z" }));
  process.kill(pid, "SIGINT");
  await command;
  expect(fs.existsSync(own)).toBe(true);
  fs.rmSync(own);
});

test("a Pulumi that outlives its killed command keeps its lock, which the next command respects and then removes", async () => {
  installPulumi(GRACEFUL);
  const { command, pid } = await working();
  process.kill(pid, "SIGKILL");
  // Its streams stay open as long as Pulumi has them.
  await new Promise((resolve) => command.once("exit", resolve));
  const { pid: pulumi } = JSON.parse(fs.readFileSync(path.join(locks, "own.json"), "utf8")) as { pid: number };
  expect(livingOf([pulumi])).toEqual([pulumi]);
  const script = path.join(CHECKOUT, "tests/support/pulumi-command.ts");
  const hook = path.join(CHECKOUT, "toolchain/typescript.js");
  const next = () =>
    execa(process.execPath, ["--require", hook, script, folder, "p", "dev", "up"], {
      cwd: folder,
      reject: false,
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
  const refused = await next();
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/another command is working on p\/dev \(me@/),
  ]);
  process.kill(pulumi, "SIGKILL");
  fs.writeFileSync(path.join(folder, "pulumi"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  const done = await next();
  expect([done.exitCode, done.stderr]).toEqual([
    0,
    expect.stringContaining("removing the lock of an interrupted command"),
  ]);
}, 20_000);

test("each of two Pulumis that work at once is told once", async () => {
  installPulumi("exit 1");
  const script = `
    const { Workspace } = require(${JSON.stringify(path.join(CHECKOUT, "cli/workspace.ts"))});
    const workspace = new Workspace(${JSON.stringify(folder)}, { env: {}, standIns: [] });
    Promise.allSettled([workspace.capture(["one"]), workspace.capture(["two"])]).then((ended) =>
      console.log(ended.map(({ reason }) => reason.exitCode).join()));`;
  const hook = path.join(CHECKOUT, "toolchain/typescript.js");
  const command = execa(process.execPath, ["--require", hook, "--eval", script], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}` },
    reject: false,
  });
  const count = (what: string) => (fs.existsSync(log) ? lines().filter((line) => line === what).length : 0);
  await until(() => count("working") === 2);
  process.kill(command.pid ?? 0, "SIGTERM");
  expect((await command).stdout).toBe("143,143");
  expect(count("told")).toBe(2);
});
