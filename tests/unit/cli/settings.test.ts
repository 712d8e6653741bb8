import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { committedSettings } from "../../../cli/drift/settings";
import { ineffectiveVariables, settingsOf, targetOf } from "../../../cli/settings";
import { describedFor } from "../../../cli/targets";
import { Workspace } from "../../../cli/workspace";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-settings-"));
const before = process.env;
const PROMOTED = { config: { "ralex:promotesFrom": "dev" } };
beforeEach(() => {
  process.env = { ...before, RALEX_API_REPLICAS: "7", RALEX_TARGET: "nowhere", RALEX_REGISTRY: "registry.example" };
  fs.writeFileSync(path.join(checkout, "Pulumi.prod.yaml"), "config:\n  ralex:promotesFrom: dev\n");
});
afterEach(() => {
  process.env = before;
  jest.restoreAllMocks();
});
afterAll(() => fs.rmSync(checkout, { recursive: true }));

test("a command says once which variables have no effect on an environment that others promote to", () => {
  const said = jest.spyOn(console, "error").mockImplementation(() => undefined);
  expect(targetOf(checkout, "prod")).toBe("docker");
  for (let times = 0; times < 3; times += 1) expect(settingsOf(checkout, "prod", PROMOTED).apiReplicas).toBe(2);
  const sentence = "set, and without any effect on prod, which takes its settings from Pulumi.prod.yaml only: ";
  expect(said.mock.calls).toEqual([
    [`${sentence}RALEX_TARGET (environment)`],
    [expect.stringMatching(/^set, and .*: RALEX_API_REPLICAS \(environment\), RALEX_TARGET \(environment\)$/)],
  ]);
});

describe("a password that is encrypted in the stack's file", () => {
  const url = "postgresql://administrator@db.example?sslmode=require";
  const file = { config: { ...PROMOTED.config, "ralex:postgresUrl": url } };
  const sealed = { config: { ...file.config, "ralex:postgresPassword": { secure: "v1:x" } } };

  test("is set for a command that cannot read it, which describes the stack as its program does", async () => {
    jest.spyOn(console, "error").mockImplementation(() => undefined);
    const settings = settingsOf(checkout, "prod", sealed);
    expect(settings.secretsSet).toEqual(new Set(["postgresPassword"]));
    const { services, secrets } = await describedFor(settings, { grafana: false });
    expect(services.map(({ name }) => name)).not.toContain("postgres");
    expect(secrets.managedPostgresPassword).toEqual({ from: "setting", setting: "postgresPassword" });
    expect(() => settingsOf(checkout, "prod", file)).toThrow("needs postgresPassword");
  });

  test("may be elsewhere for what compares committed files", () => {
    for (const one of [file, sealed]) expect(committedSettings(one).postgresUrl).toBe(url);
  });
});

test("Pulumi does not see variables that were told to have no effect, and all others", () => {
  const workspace = new Workspace(checkout, { env: { PULUMI_HOME: "/home" }, standIns: [] });
  const names = ineffectiveVariables(checkout, PROMOTED);
  expect([...names].sort()).toEqual(["RALEX_API_REPLICAS", "RALEX_TARGET"]);
  const { RALEX_API_REPLICAS, RALEX_TARGET, ...rest } = workspace.environment;
  expect([RALEX_API_REPLICAS, RALEX_TARGET]).toEqual(["7", "nowhere"]);
  expect(workspace.without(names).environment).toEqual(rest);
  process.env.RALEX_TARGET = "docker";
  expect(ineffectiveVariables(checkout, { config: {} })).toEqual([]);
});
