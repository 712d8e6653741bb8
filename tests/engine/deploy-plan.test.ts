/** What is applied is what was shown, or nothing: the whole of a deployment on the real engine, of a target that runs nothing. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import type { LedgerEntry } from "../../components/image/ledger";
import { addRecordingTarget } from "../support/recording-target/install";
import type { Action } from "../support/recording-target/command";
import { withProbe } from "../../components/app/model";
import { loadSettings } from "../../components/settings/load";
import { CHECKOUT, cloneCheckout, commitAll } from "../support/stack";
import { onDocker } from "../support/on-docker";

jest.setTimeout(240_000);

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const PINNED = { release: { id: "r", images: {} } };
/** Every image that a pinned environment runs. */
const NAMES = [
  ...new Set(
    withProbe(onDocker(loadSettings({ environment: {}, dotenv: {}, stack: PINNED }))).map(({ image }) => image),
  ),
];
const release = (letter: string) => ({
  id: `r-${letter.repeat(12)}`,
  images: Object.fromEntries(NAMES.map((name) => [name, `registry.example/${name}@${digest(letter)}`])),
});
const entry = (letter: string): LedgerEntry => ({
  id: release(letter).id,
  images: Object.fromEntries(
    Object.entries(release(letter).images).map(([name, ref]) => [name, { ref, platforms: [] }]),
  ),
  ran: NAMES,
  revision: letter.repeat(40),
  createdAt: "2026-01-01T00:00:00.000Z",
  schema: { version: 1, barriers: [] },
  at: "2026-01-01T00:00:00.000Z",
  actor: "test",
  checks: [{ name: "a check", passed: true, detail: "" }],
});

let folder: string;
const file = (name: string) => path.join(folder, name);
const pin = (stack: string, letter: string, settings: object = {}) => {
  const config = { "ralex:target": "recording", "ralex:promotesFrom": "before", "ralex:release": release(letter) };
  fs.writeFileSync(file(`Pulumi.${stack}.yaml`), yaml.stringify({ config: { ...config, ...settings } }));
};

async function run(action: Action, environment: Readonly<Record<string, string>> = {}) {
  const args = ["--require", file("toolchain/typescript.js"), file("tests/support/recording-target/command.ts")];
  const { exitCode, all = "" } = await execa(process.execPath, [...args, JSON.stringify(action)], {
    cwd: folder,
    env: { RALEX_IMAGES_LOCK: file(LOCK), ...environment },
    reject: false,
    all: true,
    stdin: "ignore",
  });
  return { exitCode, text: all };
}
async function must(action: Action): Promise<string> {
  const { exitCode, text } = await run(action);
  if (exitCode !== 0) throw new Error(text);
  return text;
}

/** Images that the stack's resources were made for, from its state. */
function apiImage(stack: string): string | undefined {
  const state = file(`.ralex/state/.pulumi/stacks/ralex/${stack}.json`);
  const { checkpoint } = JSON.parse(fs.readFileSync(state, "utf8")) as {
    checkpoint: { latest?: { resources?: { urn: string; inputs?: { keepers?: { image?: string } } }[] } };
  };
  return checkpoint.latest?.resources?.find(({ urn }) => urn.endsWith("::ralex-api"))?.inputs?.keepers?.image;
}
/** Where git does not see it. */
const LOCK = ".ralex/test.lock.json";
const A = release("a").images["ralex-api"];
const B = release("b").images["ralex-api"];
const URN = "urn:pulumi:one::ralex::random:index/randomId:RandomId::ralex-redis";
const removeFromState = ["state", "delete", URN, "--yes", "--stack", "organization/ralex/one"];

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-deploy-plan-"));
  await cloneCheckout(folder);
  addRecordingTarget(folder);
  for (const stack of ["one", "two"]) pin(stack, "a");
  await commitAll(folder, "a recording target");
  // What is written down is never pulled, so any digest does.
  const committed = JSON.parse(fs.readFileSync(path.join(CHECKOUT, "images/images.lock.json"), "utf8")) as object;
  const openwebui = {
    repository: "registry.example/openwebui",
    tag: "1",
    digest: digest("f"),
    platforms: ["linux/amd64"],
  };
  fs.mkdirSync(path.dirname(file(LOCK)), { recursive: true });
  fs.writeFileSync(file(LOCK), JSON.stringify({ ...committed, openwebui: { ...openwebui, sizeBudgetMiB: 1 } }));
  for (const [stack, letter] of [
    ["one", "b"],
    ["one", "a"],
    ["two", "a"],
  ] as const) {
    await must({ do: "publish", stack, entry: entry(letter) });
  }
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

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
