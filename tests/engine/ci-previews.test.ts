/** Previews as a pipeline runs them, on the real engine: what it writes, what the comment says of it, and what in no case. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { resultOf } from "../../cli/ci/events/reduce";
import { renderComment } from "../../cli/ci/render/comment";
import { readResult, type PreviewResult } from "../../cli/ci/result";
import { analyzerPack } from "../support/analyzer-pack";
import { TestStack } from "../support/pulumi";
import { RecordingCheckout, verified } from "../support/recording-target/checkout";

jest.setTimeout(240_000);

const PROGRAM = "stacks/recording.ts";
const ID = "new random.RandomId(`ralex-${name}`";
const CANARY = "canary-9d31f07b";

let checkout: RecordingCheckout;
let program: string;
beforeAll(async () => {
  checkout = await RecordingCheckout.create("ci-previews", ["one", "two"]);
  program = fs.readFileSync(checkout.file(PROGRAM), "utf8");
  for (const [name, text] of Object.entries(analyzerPack())) {
    fs.mkdirSync(path.dirname(checkout.file(name)), { recursive: true });
    fs.writeFileSync(checkout.file(name), text);
  }
  fs.rmSync(checkout.file("pack/package.json"));
  for (const stack of ["one", "two"]) {
    for (const letter of ["b", "a"]) await checkout.must({ do: "publish", stack, entry: verified(letter) });
  }
});
afterAll(() => checkout.remove());
afterEach(() => fs.writeFileSync(checkout.file(PROGRAM), program));

const results = () => checkout.file(".ralex/previews");
const preview = (stack = "one", more: object = {}, environment = {}) =>
  checkout.run({ do: "ci preview", stacks: [stack], results: results(), ...more }, environment);
const resultFile = (stack = "one") => path.join(results(), `${stack}.json`);
const result = (stack = "one"): PreviewResult => readResult(resultFile(stack));
const commentOf = (...of: readonly PreviewResult[]) => renderComment(of, {}).text;
/** Puts a line into the program, before each service's resource. */
const withLine = (line: string) =>
  fs.writeFileSync(
    checkout.file(PROGRAM),
    program.replace(ID, () => `${line}\n    ${ID}`),
  );
const state = (stack: string) => {
  const file = checkout.file(`.ralex/state/.pulumi/stacks/ralex/${stack}.json`);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
};
/** What was written anywhere that outlives the command, but for the engine's own state. */
const kept = () =>
  [resultFile(), ...fs.readdirSync(checkout.file(".ralex/run"))]
    .map((name) => (fs.existsSync(name) ? fs.readFileSync(name, "utf8") : name))
    .join("\n");

test("a new environment is all to create, and the release is the first one", async () => {
  const { exitCode, text } = await preview();
  expect([exitCode, text]).toEqual([0, expect.stringContaining(resultFile())]);
  expect(result()).toMatchObject({
    outcome: "changed",
    release: { after: "r-aaaaaaaaaaaa" },
    pulumi: "3.259.0",
    errors: [],
  });
  expect(new Set(result().changes.map(({ operation }) => operation))).toEqual(new Set(["create"]));
  expect(commentOf(result())).toMatch(/^### `one`: \d+ to create$/m);
});

test("another release replaces what runs it: the comment has both ids, twelve digits of each digest, and nothing was done", async () => {
  await checkout.must({ do: "deploy", stack: "one" });
  expect((await preview()).exitCode).toBe(0);
  expect([result().outcome, commentOf(result())]).toEqual([
    "unchanged",
    expect.stringContaining("### Nothing changes in `one`"),
  ]);
  checkout.pin("one", "b");
  const before = state("one");
  const { exitCode } = await preview();
  expect([exitCode, state("one")]).toEqual([0, before]);
  const { changes, release } = result();
  expect(release).toMatchObject({ before: "r-aaaaaaaaaaaa", after: "r-bbbbbbbbbbbb" });
  const api = changes.find(({ name }) => name === "ralex-api");
  expect(api).toMatchObject({ operation: "replace" });
  const text = commentOf(result());
  expect(text).toContain("`r-aaaaaaaaaaaa` → `r-bbbbbbbbbbbb`");
  expect(text).toMatch(/ralex-api: a{12} → b{12}/);
  expect(text).toMatch(/! replace ralex-api {2}random:index\/randomId:RandomId {2}because of keepers/);
});

test("a preview takes at most 3 s longer than Pulumi's own", async () => {
  const timed = async (work: () => Promise<{ readonly exitCode: number; readonly text: string }>): Promise<number> => {
    const begin = performance.now();
    const { exitCode, text } = await work();
    if (exitCode !== 0) throw new Error(text);
    return (performance.now() - begin) / 1000;
  };
  // With the command's own start on both sides; of each the better of two, since others use the machine too.
  const args = ["preview", "--suppress-outputs", "--stack", "one", "--config-file", "Pulumi.measured.yaml"];
  const salt = /encryptionsalt: .*/.exec(fs.readFileSync(checkout.file(".ralex/Pulumi.ralex.one.yaml"), "utf8"))?.[0];
  fs.writeFileSync(
    checkout.file("Pulumi.measured.yaml"),
    `${fs.readFileSync(checkout.file("Pulumi.one.yaml"), "utf8")}${salt}\n`,
  );
  const [own, ours] = [[], []] as [number[], number[]];
  for (let round = 0; round < 2; round += 1) {
    own.push(await timed(() => checkout.run({ do: "pulumi", args })));
    ours.push(await timed(() => preview()));
  }
  fs.rmSync(checkout.file("Pulumi.measured.yaml"));
  const overhead = Math.min(...ours) - Math.min(...own);
  console.log(`pulumi preview ${Math.min(...own).toFixed(1)} s, ./ralex ci preview ${Math.min(...ours).toFixed(1)} s`);
  expect(overhead).toBeLessThan(3);
});

test("a kept plan of it is one that a deployment takes", async () => {
  const plans = checkout.file(".ralex/plans");
  fs.mkdirSync(plans, { recursive: true });
  expect(await preview("one", { plans })).toMatchObject({ exitCode: 0 });
  const text = await checkout.must({ do: "deploy", stack: "one", plan: path.join(plans, "one.plan") });
  expect(text).toContain("one runs release r-bbbbbbbbbbbb");
});

test("a program that throws gives the comment that says so, with the exit code of a failure", async () => {
  withLine(`if (name === "edge") throw new TypeError("the edge has no port");`);
  const { exitCode } = await preview();
  expect([exitCode, result().outcome]).toEqual([1, "failed"]);
  const text = commentOf(result());
  expect(text).toContain("### The preview of `one` failed");
  expect(text).toMatch(/^TypeError: the edge has no port\n {4}at .*stacks\/recording\.ts:\d+/m);
});

test("a change that a policy refuses is told by its rule and the fix, with the exit code of a refusal", async () => {
  withLine(`if (name === "edge") new random.RandomPassword("session-key", { length: 8 });`);
  const { exitCode, text } = await preview("one", { policyPacks: ["pack"] });
  expect([exitCode, text]).toEqual([2, expect.stringContaining("random-password-require-length")]);
  expect(result()).toMatchObject({
    outcome: "refused",
    findings: [{ rule: "random-password-require-length", refuses: true }],
  });
  expect(commentOf(result())).toContain(
    "> - `one` **random-password-require-length** refuses `session-key`. **Fix:** Make it 12",
  );
  // The same change without the pack is none that is refused.
  expect((await preview()).exitCode).toBe(0);
});

test("a release that was verified nowhere is refused, with the reason in the comment", async () => {
  checkout.pin("two", "c");
  const { exitCode } = await preview("two");
  expect([exitCode, result("two").outcome]).toEqual([2, "refused"]);
  expect(commentOf(result("two"))).toContain("### `two`: refused");
  expect(result("two").errors[0]?.text).toContain("the release pinned for two is refused");
});

test("a failure of one stack keeps none of the others from being looked at", async () => {
  const { exitCode } = await checkout.run({ do: "ci preview", stacks: ["two", "one"], results: results() });
  expect([exitCode, result("two").outcome, result("one").outcome]).toEqual([2, "refused", "unchanged"]);
  const text = commentOf(result("two"), result("one"));
  expect(text).toMatch(/### `two`: refused[^]*Unchanged: `one`/);
});

test("a preview that takes too long is ended, and says so", async () => {
  withLine(`if (name === "edge") await new Promise((resolve) => setTimeout(resolve, 120_000));`);
  const { exitCode, text } = await preview("one", { milliseconds: 6_000 });
  expect([exitCode, text]).toEqual([1, expect.stringContaining("ended after 6 s")]);
  expect(result().seconds).toBeLessThan(30);
  expect(commentOf(result())).toContain("### The preview of `one` took too long and was ended");
});

test("a preview that is cancelled leaves a result that says so, and the next one is not begun", async () => {
  withLine(`if (name === "edge") await new Promise((resolve) => setTimeout(resolve, 120_000));`);
  fs.rmSync(resultFile());
  const child = checkout.begin({ do: "ci preview", stacks: ["one", "two"], results: results() });
  await new Promise<void>((resolve) =>
    child.all?.on("data", (text: Buffer) => text.includes("Previewing") && resolve()),
  );
  child.kill("SIGINT");
  const { all } = await child;
  expect([result().outcome, all]).toEqual(["cancelled", expect.stringContaining("interrupted")]);
  expect(all).not.toContain("preview of two");
  expect(commentOf(result())).toContain("### The preview of `one` was cancelled");
});

test("a secret of the machine or of the program is in no error, no diff, no result and no comment", async () => {
  withLine(`
    if (name === "edge") {
      const made = new random.RandomId("made", { byteLength: 4, keepers: { plain: "${CANARY}-plain", made: pulumi.secret("${CANARY}-made") } });
      await new Promise((resolve) => made.urn.apply(() => setTimeout(resolve, 1000)));
      throw new Error("no login with ${CANARY}-made and " + process.env.TEST_API_TOKEN);
    }`);
  const { exitCode } = await preview("one", {}, { TEST_API_TOKEN: `${CANARY}-machine` });
  expect(exitCode).toBe(1);
  expect(result().errors[0]?.text).toContain("no login with [secret] and [secret]");
  expect(kept()).not.toContain(CANARY);
  expect(commentOf(result())).not.toContain(CANARY);
});

test("a secret of the configuration is in no error, no diff, no result and no comment", async () => {
  const of = (length: number, more: string) => `
    import * as pulumi from "@pulumi/pulumi";
    import * as random from "@pulumi/random";
    const secret = new pulumi.Config().requireSecret("key");
    new random.RandomId("uses", { byteLength: ${length}, keepers: { secret, plain: secret.apply((value) => "a " + value) } });
    ${more}`;
  const stack = await TestStack.create("canary", { "index.ts": of(4, "") });
  const log = path.join(os.tmpdir(), `ralex-canary-${process.pid}.events`);
  try {
    await stack.run("config", "set", "--secret", "key", `${CANARY}-config`);
    expect((await stack.up()).exitCode).toBe(0);
    stack.write("index.ts", of(5, `secret.apply((value) => { throw new Error("no login with " + value); });`));
    const ended = await stack.runWith({ PULUMI_DEBUG_COMMANDS: "true" }, "preview", "--event-log", log);
    expect(ended.exitCode).toBe(1);
    const facts = { project: "canary", stack: "test", startedAt: new Date().toISOString(), seconds: 1, exitCode: 1 };
    const found = resultOf(fs.readFileSync(log, "utf8"), facts, []);
    expect(found.errors.some(({ text }) => text.includes("no login with [secret]"))).toBe(true);
    expect(found.changes.map(({ operation }) => operation)).toEqual(["replace"]);
    expect(JSON.stringify(found) + commentOf(found)).not.toContain(CANARY);
  } finally {
    fs.rmSync(log, { force: true });
    await stack.remove();
  }
});
