/** What the engine holds of a plan, and what it does not: why ./ralex keeps a record beside it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { didLess, failureOf } from "../../cli/plan/engine";
import { stateDifferences, stateFingerprint } from "../../cli/plan/state";
import { TestStack, type Result } from "../support/pulumi";

jest.setTimeout(240_000);

/** A secret input, a value that is known during the update only, and another resource beside. */
const program = (length: number, more = ""): string => `
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
const id = new random.RandomId("id", { byteLength: 4 });
new random.RandomId("follower", { byteLength: 4, keepers: { id: id.hex, secret: pulumi.secret("hidden") } });
new random.RandomPassword("password", { length: ${length} });
${more}
`;
const MORE = `new random.RandomId("more", { byteLength: 4 });`;

const up = (stack: TestStack, ...args: readonly string[]) => stack.run("up", "--yes", ...args);
const plan = async (stack: TestStack, file: string): Promise<void> => {
  const result = await stack.preview("--save-plan", file);
  if (result.exitCode !== 0) throw new Error(result.text);
};
const state = (stack: TestStack): { urn: string; id?: string; inputs?: unknown }[] => {
  const file = path.join(stack.state, ".pulumi/stacks/planned/test.json");
  const { checkpoint } = JSON.parse(fs.readFileSync(file, "utf8")) as {
    checkpoint: { latest: { resources: { urn: string; id?: string; inputs?: unknown }[] } };
  };
  return checkpoint.latest.resources;
};
const refusal = ({ exitCode, text }: Result) => failureOf("up", exitCode, text);

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.create("planned", { "index.ts": program(8) });
});
afterAll(() => stack.remove());

test("a plan is applied where the update does what it says, values that only the update knows included", async () => {
  await plan(stack, "first.json");
  expect(fs.readFileSync(path.join(stack.folder, "first.json"), "utf8")).not.toContain("hidden");
  expect(await up(stack, "--plan", "first.json")).toMatchObject({ exitCode: 0 });
  expect(state(stack).map(({ urn }) => urn.split("::").at(-1))).toEqual(
    expect.arrayContaining(["id", "follower", "password"]),
  );
});

test("an update that would do more, less or something else than its plan is refused before it changes anything", async () => {
  await plan(stack, "nothing.json");
  stack.write("index.ts", program(9, MORE));
  await plan(stack, "change.json");
  const before = stateFingerprint(state(stack));
  stack.write("index.ts", program(10, MORE));
  const other = await up(stack, "--plan", "change.json");
  expect(other.text).toContain("violates plan");
  const more = await up(stack, "--plan", "nothing.json");
  stack.write("index.ts", program(9));
  const less = await up(stack, "--plan", "change.json");
  for (const result of [other, more, less]) {
    expect([result.text, refusal(result).exitCode]).toEqual([result.text, 2]);
    expect(refusal(result).message).toContain("nothing was changed");
  }
  expect(stateDifferences(before, stateFingerprint(state(stack)))).toEqual([]);
  stack.write("index.ts", program(8));
});

test("a plan of another stack is applied to none, and one that is cut off is not read", async () => {
  const elsewhere = await TestStack.create("planned", { "index.ts": program(8) }, { stack: "elsewhere" });
  try {
    await plan(elsewhere, path.join(stack.folder, "elsewhere.json"));
    const result = await up(stack, "--plan", "elsewhere.json");
    expect(result.exitCode).not.toBe(0);
    fs.writeFileSync(path.join(stack.folder, "cut.json"), '{"manifest": {');
    expect((await up(stack, "--plan", "cut.json")).exitCode).not.toBe(0);
  } finally {
    await elsewhere.remove();
  }
});

test("the engine takes a plan where the state has moved: only the fingerprint tells", async () => {
  stack.write("index.ts", program(12));
  await plan(stack, "twelve.json");
  const before = stateFingerprint(state(stack));
  stack.write("index.ts", program(31));
  expect(await up(stack, "--skip-preview")).toMatchObject({ exitCode: 0 });
  stack.write("index.ts", program(12));
  // Nobody has seen that 31 becomes 12.
  expect(stateDifferences(before, stateFingerprint(state(stack)))).toEqual([
    "password (random:index/randomPassword:RandomPassword) was changed",
  ]);
  expect(await up(stack, "--plan", "twelve.json")).toMatchObject({ exitCode: 0 });
});

test("a state whose secrets were encrypted anew has the fingerprint that it had", async () => {
  const before = state(stack);
  for (const args of [
    ["export", "--show-secrets", "--file", "state.json"],
    ["import", "--file", "state.json"],
  ]) {
    const result = await stack.run("stack", ...args);
    expect([result.exitCode, result.text]).toEqual([0, result.text]);
  }
  const ciphertexts = (of: unknown) => JSON.stringify(of).match(/"ciphertext":"[^"]+"/g);
  expect(ciphertexts(before)).not.toBeNull();
  expect(ciphertexts(state(stack))).not.toEqual(ciphertexts(before));
  expect(stateFingerprint(state(stack))).toEqual(stateFingerprint(before));
});

test("--strict plans and applies in one run, and needs its preview", async () => {
  stack.write("index.ts", program(14, MORE));
  const result = await up(stack, "--strict");
  expect([result.exitCode, result.text]).toEqual([0, expect.stringMatching(/Previewing update[^]*\n *Updating \(/)]);
  expect((await up(stack, "--strict", "--skip-preview")).text).toContain("--strict cannot be used with --skip-preview");
});

test("--strict fails where less was to be done than planned, and nothing is left to do then", async () => {
  // Of a resource that is replaced a preview knows no output, be it the same as before.
  const pulled = (name: string) => `
const image = new random.RandomId("image", { byteLength: 4, keepers: { name: "${name}" } });
new random.RandomId("runs", { byteLength: 4, keepers: { image: image.hex.apply(() => "the same") } });`;
  stack.write("index.ts", program(14, pulled("one")));
  expect(await up(stack, "--strict")).toMatchObject({ exitCode: 0 });
  stack.write("index.ts", program(14, pulled("two")));
  const result = await up(stack, "--strict");
  expect([result.exitCode !== 0, didLess("up", result.text), result.text]).toEqual([true, true, result.text]);
  expect(await up(stack, "--strict", "--expect-no-changes")).toMatchObject({ exitCode: 0 });
});

test("--strict stops where the program does something else during the update than in its preview", async () => {
  const fickle = `new random.RandomId("fickle", { byteLength: pulumi.runtime.isDryRun() ? 4 : 5 });`;
  stack.write("index.ts", program(14, fickle));
  const result = await up(stack, "--strict");
  expect([refusal(result).exitCode, result.text]).toEqual([1, expect.stringContaining("violates plan")]);
  expect(refusal(result).message).toContain("What was done before stays done");
});
