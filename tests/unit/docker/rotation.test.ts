/** The commands that keep requests away from a replica: as text, as a shell takes them, and run on a recorded docker. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { describeRalex } from "../../../components/app/ralex";
import { admitCommand, drainCommand, type Replica } from "../../../components/docker/rotation";
import { loadSettings } from "../../../components/settings/load";

const api = describeRalex(loadSettings({ environment: {}, dotenv: {}, stack: {} })).services.find(
  ({ name }) => name === "api",
);
if (api === undefined) throw new Error("no api");
const REPLICA: Replica = {
  service: api,
  container: "ralex-test-api-1",
  edge: "ralex-test-edge",
  slot: 1,
  waitSeconds: 1,
};

/** The words that a shell makes of a command. */
const words = (command: string): readonly string[] =>
  execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

describe("the commands of a rotation", () => {
  test("name the edge, the file and the replica, with the service's own question whether it can serve", () => {
    const [node, program, action, details = ""] = words(admitCommand(REPLICA));
    expect([node, path.basename(program ?? ""), action]).toEqual(["node", "rotate-replica.mjs", "admit"]);
    expect(JSON.parse(details)).toEqual({
      edge: "ralex-test-edge",
      drainFile: "/tmp/drained-1",
      replica: "ralex-test-api-1",
      readiness: api.readiness,
      waitSeconds: 1,
    });
    expect(api.readiness?.length).toBeGreaterThan(0);
    const [, , drain, edge = ""] = words(drainCommand(REPLICA));
    expect([drain, JSON.parse(edge)]).toEqual(["drain", { edge: "ralex-test-edge", drainFile: "/tmp/drained-1" }]);
  });

  test("stay one argument whatever the names and the question are made of", () => {
    const text = fc.string().filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(text, text, fc.array(text), (edge, container, readiness) => {
        const command = admitCommand({ ...REPLICA, edge, container, service: { ...api, readiness } });
        const all = words(command);
        expect(all).toHaveLength(4);
        expect(JSON.parse(all[3] ?? "")).toMatchObject({ edge, replica: container, readiness });
      }),
      { numRuns: 25 },
    );
  });
});

describe("run on an engine", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-rotation-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  /** A `docker` that writes down what it is told; how it answers stands in its environment. */
  fs.writeFileSync(
    path.join(folder, "docker"),
    `#!/bin/sh
echo "$*" >> "${folder}/log"
case "$1" in
  inspect) echo "\${EDGE_RUNS:-true}" ;;
  exec) if [ "$2" = ralex-test-edge ]; then exit "\${EDGE_EXIT:-0}"; else echo "the database is away"; exit "\${READY_EXIT:-0}"; fi ;;
esac
`,
    { mode: 0o755 },
  );

  const run = (command: string, answers: Readonly<Record<string, string>> = {}) => {
    fs.writeFileSync(path.join(folder, "log"), "");
    const PATH = `${folder}:${path.dirname(process.execPath)}:${process.env.PATH ?? ""}`;
    const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8", env: { PATH, ...answers } });
    return { status, stderr, asked: fs.readFileSync(path.join(folder, "log"), "utf8").trim().split("\n") };
  };
  const ready = `exec ralex-test-api-1 ${(api.readiness ?? []).join(" ")}`;
  const look = "inspect --format {{.State.Running}} ralex-test-edge";

  test("a drain puts the file into the running edge", () => {
    const { status, asked } = run(drainCommand(REPLICA));
    expect([status, asked]).toEqual([0, [look, "exec ralex-test-edge touch /tmp/drained-1"]]);
  });

  test("a drain asks nothing of an edge that does not run, and is no failure in one that is in trouble", () => {
    expect(run(drainCommand(REPLICA), { EDGE_RUNS: "false" })).toMatchObject({ status: 0, asked: [look] });
    const { status, stderr } = run(drainCommand(REPLICA), { EDGE_EXIT: "1" });
    expect(status).toBe(0);
    expect(stderr).toContain("ralex-test-edge could not be told to leave out a replica, so a request may fail");
  });

  test("a replica that is ready gets requests again, and not before it was asked", () => {
    const { status, asked } = run(admitCommand(REPLICA));
    expect([status, asked]).toEqual([0, [ready, look, "exec ralex-test-edge rm -f /tmp/drained-1"]]);
  });

  test("a replica that never is fails the update within its time, and the edge goes on leaving it out", () => {
    const { status, stderr, asked } = run(admitCommand(REPLICA), { READY_EXIT: "1" });
    expect(status).toBe(1);
    expect(stderr).toContain("ralex-test-api-1 is healthy, but was not ready within 1 s: the database is away");
    expect(new Set(asked)).toEqual(new Set([ready]));
    expect(asked.length).toBeGreaterThan(1);
  });

  test("an edge that does not take it back fails the update", () => {
    expect(run(admitCommand(REPLICA), { EDGE_EXIT: "1" }).status).not.toBe(0);
  });
});
