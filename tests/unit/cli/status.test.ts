/** What `./ralex status` and `./ralex logs` say of an engine that answers, and of one that does not. */
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { EXIT } from "../../../cli/failure";
import { registerLogs } from "../../../cli/logs";
import { registerStatus, statusTable } from "../../../cli/status";
import type { Instance } from "../../../cli/targets/target";

interface Container {
  readonly State: Readonly<Record<string, unknown>>;
  readonly job?: true;
}

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-status-"));
const state = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex/dev.json");
fs.mkdirSync(path.dirname(state), { recursive: true });
// Wrong in another setting: what runs is told all the same.
fs.writeFileSync(path.join(checkout, "Pulumi.dev.yaml"), "config: { ralex:apiReplicas: none }\n");
const identity = {
  urn: "urn:pulumi:dev::ralex::random:index/randomId:RandomId::ralex-identity",
  type: "random:index/randomId:RandomId",
  outputs: { hex: "0a1b2c3d", keepers: { stack: "made-as" } },
};
fs.writeFileSync(state, JSON.stringify({ checkpoint: { latest: { resources: [identity] } } }));
afterAll(() => fs.rmSync(checkout, { recursive: true }));

const before = { environment: process.env, exitCode: process.exitCode };
let server: http.Server | undefined;
afterEach(() => {
  server?.close();
  process.env = before.environment;
  process.exitCode = before.exitCode;
  jest.restoreAllMocks();
});

/** An engine with these containers. */
async function engine(containers: Readonly<Record<string, Container>>): Promise<void> {
  const list = Object.keys(containers).map((Id) => ({ Id, Labels: { "ralex.service": Id } }));
  const answer = (url: string): unknown => {
    if (url.includes("/containers/json")) return url.includes("ralex.deployment%3D0a1b2c3d") ? list : [];
    const name = /\/containers\/(\w+)\/json/.exec(url)?.[1] ?? "";
    const { State, job } = containers[name] ?? {};
    return { Name: `/${name}`, State, HostConfig: { RestartPolicy: { Name: job ? "no" : "unless-stopped" } } };
  };
  server = http.createServer(({ url = "" }, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer(url)));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  process.env = { ...before.environment, DOCKER_HOST: `tcp://127.0.0.1:${port}` };
}

async function status(): Promise<{ healths: Record<string, string>; exitCode: unknown }> {
  const said = jest.spyOn(console, "log").mockReturnValue(undefined);
  const program = new Command();
  registerStatus(program, checkout);
  process.exitCode = EXIT.done;
  await program.parseAsync(["status", "--json"], { from: "user" });
  const rows = JSON.parse(String(said.mock.calls.at(-1)?.[0])) as readonly { name: string; health: string }[];
  const { exitCode } = process;
  return { healths: Object.fromEntries(rows.map(({ name, health }) => [name, health])), exitCode };
}

const RUNNING = { Status: "running", ExitCode: 0 };

test("services that run and jobs that are done are well", async () => {
  await engine({
    api: { State: { ...RUNNING, Health: { Status: "healthy" } } },
    exporter: { State: RUNNING },
    migrations: { State: { Status: "exited", ExitCode: 0 }, job: true },
    probe: { State: { Status: "created", ExitCode: 0 }, job: true },
  });
  const healths = { api: "healthy", exporter: "-", migrations: "done", probe: "-" };
  expect(await status()).toEqual({ healths, exitCode: EXIT.done });
});

test.each([
  ["a service without a health check that has ended", { Status: "exited", ExitCode: 0 }],
  ["one that is started again and again", { Status: "restarting", ExitCode: 1 }],
  ["one that was healthy when it ended", { Status: "exited", ExitCode: 137, Health: { Status: "healthy" } }],
])("%s is an error", async (_, State) => {
  await engine({ exporter: { State }, redis: { State: RUNNING } });
  expect(await status()).toEqual({ healths: { exporter: "not running", redis: "-" }, exitCode: EXIT.error });
});

test.each([
  ["status", registerStatus, ["status"]],
  ["logs", registerLogs, ["logs", "api"]],
])("%s says what to do where no engine answers", async (_, register, args) => {
  process.env = { ...before.environment, DOCKER_HOST: "tcp://127.0.0.1:1" };
  const program = new Command();
  register(program, checkout);
  await expect(program.parseAsync(args, { from: "user" })).rejects.toThrow(
    "the Docker Engine at tcp://127.0.0.1:1 (DOCKER_HOST) does not run: start it",
  );
});

describe("the table of instances", () => {
  const row = (change: Partial<Instance>): Instance => ({
    ...{ name: "ralex-dev-api-0", service: "api", state: "exited (137)", health: "not running" },
    image: `127.0.0.1:5055/ralex/ralex-api@sha256:${"0123456789abcdef".repeat(4)}`,
    ...change,
  });

  test("has the start of each digest, which is enough to tell it", () => {
    const table = statusTable([row({}), row({ image: "" })]);
    expect(table).toContain(" ralex-api@0123456789ab ");
    expect(table).not.toContain("0123456789abc");
    expect(table).not.toContain("127.0.0.1");
  });

  test("fits 100 columns, however long the names are, and loses nothing of a name", () => {
    const names = ["ralex-dev-redis", `ralex-${"staging-of-a-team".repeat(4)}-postgres-exporter-0`];
    const image = `registry.example/${"a".repeat(70)}@sha256:${"f".repeat(64)}`;
    for (const name of names) {
      const table = statusTable([row({ name }), row({ name, image })]);
      for (const line of table.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
      const cells = table.split("\n").flatMap((line) => line.split("│")[1]?.trim() ?? []);
      expect(cells.join("")).toContain(name);
    }
  });
});
