/** What is applied is what was shown, or nothing: the whole of a deployment on the real engine, of a target that runs nothing. */
import * as fs from "node:fs";
import execa from "execa";
import type { Action } from "../support/recording-target/command";
import { RecordingCheckout, release, verified } from "../support/recording-target/checkout";
import { commitAll } from "../support/stack";

jest.setTimeout(240_000);

let checkout: RecordingCheckout;
let folder: string;
const file = (name: string) => checkout.file(name);
const pin = (stack: string, letter: string, settings: object = {}) => checkout.pin(stack, letter, settings);
const run = (action: Action, environment: Readonly<Record<string, string>> = {}) => checkout.run(action, environment);
const must = (action: Action) => checkout.must(action);

/** Images that the stack's resources were made for, from its state. */
function apiImage(stack: string): string | undefined {
  const state = file(`.ralex/state/.pulumi/stacks/ralex/${stack}.json`);
  const { checkpoint } = JSON.parse(fs.readFileSync(state, "utf8")) as {
    checkpoint: { latest?: { resources?: { urn: string; inputs?: { keepers?: { image?: string } } }[] } };
  };
  return checkpoint.latest?.resources?.find(({ urn }) => urn.endsWith("::ralex-api"))?.inputs?.keepers?.image;
}
const A = release("a").images["ralex-api"];
const B = release("b").images["ralex-api"];
const URN = "urn:pulumi:one::ralex::random:index/randomId:RandomId::ralex-redis";
const removeFromState = ["state", "delete", URN, "--yes", "--stack", "organization/ralex/one"];

beforeAll(async () => {
  checkout = await RecordingCheckout.create("deploy-plan", ["one", "two"]);
  ({ folder } = checkout);
  for (const [stack, letter] of [
    ["one", "b"],
    ["one", "a"],
    ["two", "a"],
  ] as const) {
    await must({ do: "publish", stack, entry: verified(letter) });
  }
});
afterAll(() => checkout.remove());

test("a plan is kept, and applied by another command; it is verified and published as any deployment", async () => {
  await must({ do: "preview", stack: "one", savePlan: file("one.plan") });
  expect(fs.statSync(file("one.plan")).mode & 0o777).toBe(0o600);
  expect(apiImage("one")).toBeUndefined();
  const text = await must({ do: "deploy", stack: "one", plan: file("one.plan") });
  expect(text).toMatch(/one runs release r-a{12}; 1 checks passed/);
  expect(apiImage("one")).toBe(A);
});

test("a plan of another stack, and one that was cut off, are refused with what to do", async () => {
  const other = await run({ do: "deploy", stack: "two", plan: file("one.plan") });
  expect([other.exitCode, other.text]).toEqual([
    2,
    expect.stringMatching(/it is a plan of one\nPlan again: \.\/ralex preview -s two --save-plan \S+one\.plan$/),
  ]);
  fs.writeFileSync(file("cut.plan"), fs.readFileSync(file("one.plan"), "utf8").slice(0, -100));
  const cut = await run({ do: "deploy", stack: "one", plan: file("cut.plan") });
  expect([cut.exitCode, cut.text]).toEqual([2, expect.stringContaining("it is not whole")]);
  expect(apiImage("two")).toBeUndefined();
});

test("a plan is refused once the pin, a setting or the commit is another, all of it at once, and nothing changes", async () => {
  pin("one", "b");
  await must({ do: "preview", stack: "one", savePlan: file("b.plan") });
  pin("one", "a", { "ralex:apiReplicas": 3 });
  await commitAll(folder, "another commit");
  const { exitCode, text } = await run({ do: "deploy", stack: "one", plan: file("b.plan") });
  expect([exitCode, text]).toEqual([
    2,
    expect.stringMatching(/it was made of commit \w{40}, and \w{40} is checked out/),
  ]);
  expect(text).toContain("it brings release r-bbbbbbbbbbbb, and Pulumi.one.yaml pins r-aaaaaaaaaaaa");
  expect(text).toContain("ralex:apiReplicas was 2 and is 3");
  expect(apiImage("one")).toBe(A);
  fs.appendFileSync(file("stacks/index.ts"), "\n");
  const dirty = await run({ do: "preview", stack: "one", savePlan: file("dirty.plan") });
  expect([dirty.exitCode, dirty.text]).toEqual([2, expect.stringContaining("differ from it:\n  stacks/index.ts")]);
  await execa("git", ["checkout", "--", "stacks"], { cwd: folder });
});

test("a plan is refused once the state has moved, naming what moved", async () => {
  pin("one", "b");
  await must({ do: "preview", stack: "one", savePlan: file("b.plan") });
  await must({ do: "pulumi", args: removeFromState });
  const { exitCode, text } = await run({ do: "deploy", stack: "one", plan: file("b.plan") });
  expect([exitCode, text]).toEqual([
    2,
    expect.stringContaining("state of one has moved since: ralex-redis (random:index/randomId:RandomId) was removed"),
  ]);
  expect(apiImage("one")).toBe(A);
  await must({ do: "deploy", stack: "one" });
  expect(apiImage("one")).toBe(B);
});

test("what was shown is what is applied, and a state that moved before the yes is refused", async () => {
  pin("one", "a");
  const moved = await run({ do: "deploy", stack: "one", ask: true, meanwhile: removeFromState });
  expect([moved.exitCode, moved.text]).toEqual([
    2,
    expect.stringMatching(
      /what was shown cannot be applied any more[^]*ralex-redis .* was removed\nPlan again: \.\/ralex deploy/,
    ),
  ]);
  expect(apiImage("one")).toBe(B);
  const text = await must({ do: "deploy", stack: "one", ask: true });
  expect(text).toMatch(/Bring one to release r-a{12}\?/);
  expect(apiImage("one")).toBe(A);
});

test("a program that does something else than was shown is refused before it changes anything", async () => {
  pin("one", "b");
  const program = fs.readFileSync(file("stacks/recording.ts"), "utf8");
  // Of the commit that the plan names, and not decided by it.
  fs.writeFileSync(
    file("stacks/recording.ts"),
    program.replace("byteLength: 4", "byteLength: Number(process.env.BYTES ?? 4)"),
  );
  await commitAll(folder, "a program that an environment decides");
  await must({ do: "preview", stack: "one", savePlan: file("b.plan") });
  const { exitCode, text } = await run({ do: "deploy", stack: "one", plan: file("b.plan") }, { BYTES: "5" });
  expect([exitCode, text]).toEqual([
    2,
    expect.stringMatching(/violates plan[^]*nothing was changed[^]*plans it again/),
  ]);
  expect(apiImage("one")).toBe(A);
});

test("a variable changes no setting there, in the plan or in its update, and is told once by the command", async () => {
  pin("one", "b");
  await must({ do: "preview", stack: "one", savePlan: file("b.plan") });
  const { exitCode, text } = await run(
    { do: "deploy", stack: "one", plan: file("b.plan") },
    { RALEX_API_REPLICAS: "7" },
  );
  expect([exitCode, text]).toEqual([0, text]);
  expect(text.match(/without any effect on one.*RALEX_API_REPLICAS/g)).toHaveLength(1);
  const outputs = await must({
    do: "pulumi",
    args: ["stack", "output", "services", "--json", "--stack", "organization/ralex/one"],
  });
  expect((JSON.parse(outputs) as { api: { replicas: number } }).api.replicas).toBe(2);
});
