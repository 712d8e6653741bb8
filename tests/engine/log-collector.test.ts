/**
 * The collector with the configuration that a cluster gives it, on a folder as kubelets keep it, with the log store beside
 * it. Both are compiled here; that the official images take the same, nothing on this machine can show.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectorConfiguration } from "../../components/kubernetes/log-collector";
import { goTool } from "../../toolchain/go-tools";
import { freePort } from "../support/ports";

const UID = "0f3c1b6e-5a7d-4a35-9a55-0c5f5b1f3d2e";
const root = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-logs-"));
const logs = path.join(root, "pods");
const state = path.join(root, "state");

let programs: { readonly store: string; readonly collector: string };
let port: number;
let configuration: string;
let store: ChildProcess;
let collector: ChildProcess;
const running = new Set<ChildProcess>();

function start(program: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(program, [...args], { stdio: "ignore", cwd: root });
  running.add(child);
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

const startStore = () =>
  start(
    programs.store,
    ...[`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${path.join(root, "store")}`, "-retentionPeriod=14d"],
  );
const startCollector = () => start(programs.collector, `--config=${configuration}`);

/** Appends lines as a container runtime writes them, to the log of a container. */
function write(namespace: string, pod: string, container: string, ...lines: readonly string[]): string {
  const folder = path.join(logs, `${namespace}_${pod}_${UID}`, container);
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "0.log");
  const now = new Date().toISOString().replace("Z", "123456Z");
  fs.appendFileSync(file, lines.map((line) => `${now} ${line}\n`).join(""));
  return file;
}

type Line = Readonly<Record<string, string>>;

async function search(query: string): Promise<readonly Line[]> {
  const body = new URLSearchParams({ query, limit: "1000" });
  const answer = await fetch(`http://127.0.0.1:${port}/select/logsql/query`, { method: "POST", body });
  const text = await answer.text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** What is found once there is anything, within ten seconds. */
async function found(query: string): Promise<readonly Line[]> {
  for (const end = Date.now() + 10_000; ; await sleep(100)) {
    const lines = await search(query).catch(() => []);
    if (lines.length > 0 || Date.now() > end) return lines;
  }
}

const ANSWERED = { time: "2026-01-01T00:00:00.001Z", level: "info", message: "answered", status: 200, model: "echo" };
const OTHERS = ["default", "ralex", "ralex-staging-observability", "ralex-staging2", "x-ralex-staging"];

/** What the pods of a cluster have written before the collector comes. */
function writeAll(): void {
  for (const namespace of OTHERS) write(namespace, "web-1", "web", "stdout F not ours");
  write("ralex-staging", "api-7d9c5b8f6d-abcde", "api", `stdout F ${JSON.stringify(ANSWERED)}`);
  const lines = ["stdout P first half, ", "stdout F second half", "stderr F Traceback {broken", "stderr F {broken"];
  write("ralex-staging", "edge-1", "edge", ...lines);
  write("ralex-staging", "web-1", "web", "stdout F ours");
}

beforeAll(async () => {
  programs = { store: await goTool("victoria-logs"), collector: await goTool("otelcol-contrib") };
  port = await freePort();
  configuration = path.join(root, "collector.json");
  const folders = { logs, state };
  const text = collectorConfiguration("ralex-staging", `127.0.0.1:${port}`, folders, `127.0.0.1:${await freePort()}`);
  fs.writeFileSync(configuration, text);
  for (const folder of [logs, state]) fs.mkdirSync(folder);
  writeAll();
  [store, collector] = [startStore(), startCollector()];
}, 600_000);

afterAll(async () => {
  await Promise.all([...running].map(stop));
  fs.rmSync(root, { recursive: true });
});

test("a line of the API is found by its own fields, with namespace, pod and container, and at the runtime's time", async () => {
  const [one, ...others] = await found('level:="info" AND model:="echo"');
  expect(others).toEqual([]);
  expect(one).toMatchObject({
    _msg: "answered",
    status: "200",
    "k8s.namespace.name": "ralex-staging",
    "k8s.pod.name": "api-7d9c5b8f6d-abcde",
    "k8s.pod.uid": UID,
    "k8s.container.name": "api",
    "log.iostream": "stdout",
  });
  expect(one?._stream).toBe(
    '{k8s.container.name="api",k8s.namespace.name="ralex-staging",k8s.pod.name="api-7d9c5b8f6d-abcde"}',
  );
  expect(one?.["log.file.path"]).toBeUndefined();
  expect(Math.abs(Date.now() - Date.parse(one?._time ?? ""))).toBeLessThan(60_000);
}, 30_000);

test("a long line is put together again, and what is no JSON is kept as it is", async () => {
  await found('_msg:="{broken"');
  const messages = (await search('k8s.container.name:="edge"')).map(({ _msg }) => _msg).sort();
  expect(messages).toEqual(["Traceback {broken", "first half, second half", "{broken"]);
}, 30_000);

test("nothing of another namespace is read, whatever it is called", async () => {
  expect(await found('_msg:="ours"')).toHaveLength(1);
  const namespaces = await search("* | uniq by (k8s.namespace.name)");
  expect(namespaces).toEqual([{ "k8s.namespace.name": "ralex-staging" }]);
}, 30_000);

test("a collector that is replaced goes on where the one before it was, through a rotation too", async () => {
  const file = write("ralex-staging", "api-2", "api", "stdout F before");
  expect(await found("before")).toHaveLength(1);
  await stop(collector);
  write("ralex-staging", "api-2", "api", "stdout F meanwhile");
  collector = startCollector();
  expect(await found("meanwhile")).toHaveLength(1);
  fs.renameSync(file, `${file}.20260101-000000`);
  write("ralex-staging", "api-2", "api", "stdout F afterwards");
  expect(await found("afterwards")).toHaveLength(1);
  const messages = (await search('k8s.pod.name:="api-2"')).map(({ _msg }) => _msg).sort();
  expect(messages).toEqual(["afterwards", "before", "meanwhile"]);
}, 30_000);

test("what is written while the log store is away is found once it is back", async () => {
  await stop(store);
  write("ralex-staging", "api-3", "api", "stdout F into the void");
  // It is read by then, and could not be sent.
  await sleep(1500);
  store = startStore();
  expect(await found('"into the void"')).toHaveLength(1);
}, 60_000);
