import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ineffectiveVariables, settingsOf, targetOf } from "../../../cli/settings";
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
