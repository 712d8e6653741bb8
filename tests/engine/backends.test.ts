/** Locks, interruptions and accidents on a folder and on a real S3 server, with the real Pulumi. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { resourcesOf } from "../../cli/backend/resources";
import { openStored } from "../../cli/backend/open";
import type { StoredBackend } from "../../cli/backend/stored";
import { ledgerOf } from "../../cli/release/stacks";
import { prepareConfigFile } from "../../cli/stack-config";
import { unlock } from "../../cli/unlock";
import { Workspace } from "../../cli/workspace";
import { LEDGER_PROJECT, type LedgerEntry } from "../../components/image/ledger";
import { preparePulumiHome } from "../../toolchain/pulumi/home";
import { killTree, livingOf, signalAll, treeOf } from "../support/process-tree";
import { pulumiBinary, TestStack } from "../support/pulumi";
import { S3Server } from "../support/s3-server";

jest.setTimeout(180_000);

const CHECKOUT = path.resolve(__dirname, "../..");
const STACK = { project: "accidents", stack: "test" };

/** Makes one resource, waits in the middle of the update while a file `hold` is there, and makes another. */
const PROGRAM = `
import * as fs from "node:fs";
import * as random from "@pulumi/random";
const first = new random.RandomString("first", { length: 8, special: false });
const held = first.result.apply(async (text) => {
  fs.writeFileSync("begun", "");
  while (fs.existsSync("hold")) await new Promise((resolve) => setTimeout(resolve, 50));
  return text;
});
const second = new random.RandomString("second", { length: 8, keepers: { after: held } });
export const result = first.result;
export const other = second.result;
`;
const UP = ["up", "--yes", "--skip-preview"] as const;

let server: S3Server;
/** One that is killed in the middle of an update. */
let leaving: S3Server;
/** That update: Pulumi tries for more than a minute before it gives up, and the other tests go on meanwhile. */
let left: { at: Place; first: unknown; ended: ReturnType<TestStack["command"]> };
const before = process.env;
beforeAll(async () => {
  [server, leaving] = await Promise.all([S3Server.start(), S3Server.start()]);
  // Of the AWS SDK in this process, and of what it starts.
  process.env = { ...before, ...server.environment };
  const at = await place("bucket", leaving);
  const { running, release } = await held(at);
  left = { at, first: await firstOf(at), ended: running };
  await leaving.kill();
  release();
});
afterAll(async () => {
  process.env = before;
  await Promise.all([server.remove(), leaving.remove()]);
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
  }
}

interface Place {
  readonly stack: TestStack;
  readonly backend: StoredBackend;
  /** The folder in which the backend keeps its files. */
  readonly files: string;
}

async function place(kind: "folder" | "bucket", of = server): Promise<Place> {
  const name = `place-${Math.random().toString(36).slice(2)}`;
  const url = kind === "bucket" ? of.backend(name) : undefined;
  const stack = await TestStack.create(
    STACK.project,
    { "index.ts": PROGRAM },
    url === undefined ? {} : { backend: url },
  );
  const backend = openStored(url ?? `file://${stack.state}`);
  if (backend === undefined) throw new Error("not read here");
  return { stack, backend, files: url === undefined ? path.join(stack.state, ".pulumi") : of.folder(name) };
}

const command = ({ stack }: Place) => stack.command(STACK.project, STACK.stack, ...UP);

/** An update that has made the first resource and waits; and all of its processes. */
async function held(at: Place) {
  const [hold, begun] = ["hold", "begun"].map((name) => path.join(at.stack.folder, name)) as [string, string];
  fs.writeFileSync(hold, "");
  fs.rmSync(begun, { force: true });
  const running = command(at);
  await until("the update is in its middle", () => fs.existsSync(begun) || running.exitCode !== null);
  const processes = treeOf(running.pid ?? 0);
  expect(processes.length).toBeGreaterThan(3);
  return { running, processes, release: () => fs.rmSync(hold, { force: true }) };
}

const firstOf = async ({ backend }: Place): Promise<unknown> =>
  (await resourcesOf({ backend }, STACK.project, STACK.stack))?.find(({ urn }) => urn.endsWith("::first"))?.outputs
    ?.result;

/** Brings it to its end, with what the state had of it. */
async function completes(at: Place, first: unknown): Promise<string> {
  fs.rmSync(path.join(at.stack.folder, "hold"), { force: true });
  const { exitCode, stderr } = await command(at);
  expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
  expect((await at.stack.outputs()).result).toBe(first);
  expect(await at.backend.locks()).toEqual([]);
  return stderr;
}

describe.each(["folder", "bucket"] as const)("on a backend that is a %s", (kind) => {
  let at: Place;
  // What the tests before have brought to its end is a stack as any other.
  beforeAll(async () => (at = await place(kind)));
  afterAll(() => at.stack.remove());

  test("of two commands one is done, and the other is refused with whose turn it is", async () => {
    const { running, release } = await held(at);
    const other = await command(at);
    expect([other.exitCode, other.stderr]).toEqual([
      1,
      expect.stringMatching(
        /another command is working on accidents\/test \(.*@.*, process \d+, for \d+ seconds?\): wait/,
      ),
    ]);
    release();
    expect((await running).exitCode).toBe(0);
    expect(await at.backend.locks()).toEqual([]);
  });

  test("one that is interrupted waits for Pulumi, leaves no lock and no process, and is completed by the next", async () => {
    const { running, processes } = await held(at);
    const first = await firstOf(at);
    expect(first).toMatch(/^\w{8}$/);
    process.kill(-(running.pid ?? 0), "SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 200));
    signalAll([running.pid ?? 0], "SIGTERM");
    const { exitCode, stderr } = await running;
    expect([exitCode, stderr]).toEqual([
      130,
      expect.stringContaining("waiting for Pulumi to finish what it has begun"),
    ]);
    expect(await at.backend.locks()).toEqual([]);
    await until("its processes have ended", () => livingOf(processes).length === 0);
    await completes(at, first);
  });

  test("one that is killed with all its processes leaves a lock, which the next removes before it completes it", async () => {
    const { running, processes } = await held(at);
    const first = await firstOf(at);
    killTree(running.pid ?? 0);
    await running;
    expect(await at.backend.locks()).toHaveLength(1);
    await until("its processes have ended", () => livingOf(processes).length === 0);
    expect(await completes(at, first)).toContain("removing the lock of an interrupted command");
  });

  test("one whose Pulumi outlives it keeps the stack until that is done", async () => {
    const { running, release } = await held(at);
    const first = await firstOf(at);
    process.kill(running.pid ?? 0, "SIGKILL");
    const refused = await command(at);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("another command is working on")]);
    release();
    // Its streams are Pulumi's.
    await running;
    await completes(at, first);
  });

  test("a lock of another machine is left alone, is told with its age, and is removed alone by its name", async () => {
    const { running } = await held(at);
    const first = await firstOf(at);
    killTree(running.pid ?? 0);
    await running;
    const folder = path.join(at.files, "locks/organization", STACK.project, STACK.stack);
    const foreign = { pid: 7, username: "ada", hostname: "elsewhere", timestamp: new Date(Date.now() - 7_300_000) };
    fs.writeFileSync(path.join(folder, "0-foreign.json"), JSON.stringify(foreign));
    const refused = await command(at);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/\(ada@elsewhere, process 7, for 2 hours\).*\.\/ralex unlock 0-foreign/),
    ]);
    jest.spyOn(console, "log").mockReturnValue(undefined);
    await unlock(at.backend, await at.backend.locks(), "0-foreign");
    jest.restoreAllMocks();
    expect((await at.backend.locks()).map(({ owner }) => owner?.host)).toEqual([os.hostname()]);
    await completes(at, first);
  });
});

test("a bucket whose server goes away in the middle loses nothing: it is said, and the next command completes it", async () => {
  const { at, first, ended } = left;
  const { exitCode, stderr } = await ended;
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(
      /the backend went away: s3:\/\/states does not answer \(ECONNREFUSED.*\n {2}Nothing that the state has is lost/,
    ),
  ]);
  await leaving.resume();
  expect(await at.backend.locks()).toHaveLength(1);
  expect(await completes(at, first)).toContain("removing the lock of an interrupted command");
  await at.stack.remove();
});

test("a ledger in a bucket is written by one machine, and by another that has the passphrase alone", async () => {
  const { env } = await preparePulumiHome(CHECKOUT, path.dirname(await pulumiBinary()));
  const entry = (id: string, at: string): LedgerEntry => ({
    ...{
      id,
      images: {},
      ran: [],
      revision: "abc",
      createdAt: at,
      schema: { version: 1, barriers: [] },
      at,
      actor: "ada",
    },
    checks: [{ name: "ready", passed: true, detail: "" }],
  });
  const entries = [entry("r-1", "2026-11-27T10:00:00Z"), entry("r-2", "2026-11-27T11:00:00Z")];
  const url = server.backend("ledger");
  const surroundings = process.env;
  process.env = { ...surroundings, PULUMI_BACKEND_URL: url, PULUMI_CONFIG_PASSPHRASE: "of both" };
  const machines = entries.map(() => fs.mkdtempSync(path.join(os.tmpdir(), "ralex-machine-")));
  try {
    for (const [index, one] of entries.entries()) {
      const workspace = new Workspace(machines[index] ?? "", { env, standIns: [] });
      const content = { config: { [`${LEDGER_PROJECT}:entry`]: JSON.stringify(one) } };
      const file = await prepareConfigFile(workspace, LEDGER_PROJECT, "dev", content);
      const folder = path.join(CHECKOUT, "stacks/ledger");
      await workspace.capture([...UP, "--stack", "dev", "--config-file", file], folder);
      expect((await ledgerOf(workspace, "dev"))?.map(({ id }) => id)).toEqual(["r-2", "r-1"].slice(1 - index));
      expect(await ledgerOf(workspace, "prod")).toBeUndefined();
    }
  } finally {
    process.env = surroundings;
    for (const machine of machines) fs.rmSync(machine, { recursive: true });
  }
});
