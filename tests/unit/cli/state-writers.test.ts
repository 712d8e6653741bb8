import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure } from "../../../cli/failure";
import { requireOwnState } from "../../../cli/state-writers";
import { Workspace } from "../../../cli/workspace";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-writers-"));
const folder = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex");
beforeAll(() => {
  fs.mkdirSync(folder, { recursive: true });
  const volume = { urn: "urn:v", type: "docker:index/volume:Volume", custom: true };
  const write = (stack: string, ...resources: readonly object[]) =>
    fs.writeFileSync(path.join(folder, `${stack}.json`), JSON.stringify({ checkpoint: { latest: { resources } } }));
  write("official", volume);
  const standIn = { ...volume, outputs: { __standIn: "ralex" } };
  write("ours", standIn);
  write("cluster", standIn, { urn: "urn:d", type: "kubernetes:apps/v1:Deployment", custom: true });
});
afterAll(() => fs.rmSync(checkout, { recursive: true }));

/** No Pulumi is on this PATH: a backend that is a folder is asked without it. */
const workspace = (standIns: readonly string[]) =>
  new Workspace(checkout, { env: { PATH: "", PULUMI_BACKEND_URL: undefined }, standIns });

test("an update is refused, with what to do, on a state that the other kind of plugins wrote", async () => {
  for (const [stack, standIns, said] of [
    [
      "official",
      ["docker"],
      /^ralex\/official was not touched: 1 resources were written by official plugins.*\n {2}work on/,
    ],
    ["ours", [], /^ralex\/ours was not touched: 1 resources were written by stand-in plugins.*\n {2}remove the stack/],
  ] as const) {
    const failure = await requireOwnState(workspace(standIns), "ralex", stack).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect([(failure as Failure).exitCode, (failure as Failure).message]).toEqual([2, expect.stringMatching(said)]);
  }
});

test("an update goes on with the state's resources where its own kind wrote them, or nothing is there yet", async () => {
  expect(await requireOwnState(workspace([]), "ralex", "official")).toHaveLength(1);
  expect(await requireOwnState(workspace(["docker"]), "ralex", "ours")).toHaveLength(1);
  expect(await requireOwnState(workspace(["docker"]), "ralex", "new")).toEqual([]);
  // Kubernetes has its official plugin beside stand-ins too.
  expect(await requireOwnState(workspace(["docker"]), "ralex", "cluster")).toHaveLength(2);
});
