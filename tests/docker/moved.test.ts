/**
 * One deployment, whoever looks at it from wherever: an older program, a moved checkout, a second clone, a renamed stack.
 * The tests stand in the order of the story, and each goes on from the one before.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { PROJECT } from "../../cli/project";
import { RELEASE_PROJECT, WORKING_TREE_STACK } from "../../components/image/releases";
import { connectEngine } from "../../components/docker/engine/client";
import { poll } from "../support/http";
import { CHECKOUT, copyCheckout, resourcesIn, TestStack } from "../support/stack";

const NAME = "moved";
const docker = connectEngine();
/** The program that the stack is made by; a commit of this clone. */
const OLDER = process.env.RALEX_TEST_OLDER ?? "HEAD~1";
const PORT = 24_000;
const SETTINGS = {
  ...{ subnet: "10.222.0.0/24", webPort: PORT, apiPort: PORT + 1, tlsPort: PORT + 2 },
  ...{ operatorListeners: false, hotReload: false, apiReplicas: 1 },
};
const UNCHANGED = /Resources:\s+\d+ unchanged/g;

const root = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-moving-"));
let stack = new TestStack(path.join(root, "checkout"), NAME);
let apiKey: string;
let session: string;

const api = (url: string, body?: unknown): Promise<Response> =>
  fetch(`http://127.0.0.1:${SETTINGS.apiPort}/v1${url}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const sessionText = () =>
  poll("the session", 30_000, async () => {
    const response = await api(`/sessions/${session}/messages`);
    return response.status === 200 ? response.text() : undefined;
  });

/** That of the stack found nothing to do, and that of the images too, where this checkout did not know it without asking. */
function expectUnchanged(stderr: string): void {
  expect(stderr).not.toMatch(/\d+ (created|updated|replaced|deleted|changed)/);
  expect(stderr.match(UNCHANGED)).toHaveLength(stderr.includes("images: nothing changed") ? 1 : 2);
}

const deployed = async () => {
  const filters = { label: ["ralex.stack=moved"] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify(filters) as never });
  return { containers: containers.map(({ Id }) => Id).sort(), volumes: (Volumes ?? []).map(({ Name }) => Name).sort() };
};

const read = (file: string, folder = stack.folder): string => fs.readFileSync(path.join(folder, file), "utf8");

beforeAll(async () => {
  await copyCheckout(stack.folder, NAME);
  stack.configure(SETTINGS);
}, 60_000);

afterAll(async () => {
  await stack.ralex(["reset", "--yes", "-s", stack.name]);
  fs.rmSync(root, { recursive: true, force: true });
}, 180_000);

test("a running stack of an older program is brought to this one in one update, with its data", async () => {
  const older = path.join(root, "older.tar");
  await execa("git", ["archive", "--output", older, OLDER], { cwd: CHECKOUT });
  const current = path.join(root, "current.tar");
  const files = ["images", "components", "stacks", "cli", "toolchain", "tests"].concat(
    ...["Pulumi.yaml", "package.json", "package-lock.json", "ralex"],
  );
  await execa("tar", ["-cf", current, ...files], { cwd: stack.folder });
  for (const file of files) fs.rmSync(path.join(stack.folder, file), { recursive: true });
  await execa("tar", ["-xf", older, ...files], { cwd: stack.folder });
  const packages = path.join(stack.folder, "node_modules");
  // Where it has other packages, its first command installs them.
  const isOther = read("package-lock.json") !== read("package-lock.json", CHECKOUT);
  if (isOther) fs.unlinkSync(packages);
  await stack.start();
  apiKey = await stack.output("apiKey");
  session = ((await (await api("/sessions", {})).json()) as { id: string }).id;
  await api(`/sessions/${session}/messages`, { role: "user", content: "written under the older program" });

  for (const file of files) fs.rmSync(path.join(stack.folder, file), { recursive: true });
  await execa("tar", ["-xf", current], { cwd: stack.folder });
  if (isOther) fs.rmSync(packages, { recursive: true });
  if (isOther) fs.symlinkSync(path.join(CHECKOUT, "node_modules"), packages);
  await stack.start();
  expect(await sessionText()).toContain("written under the older program");
  expect(await stack.output("apiKey")).toBe(apiKey);
}, 600_000);

test("no input and no output in its state knows a folder of this machine", async () => {
  for (const [project, name] of [
    [PROJECT, NAME],
    [RELEASE_PROJECT, WORKING_TREE_STACK],
  ] as const) {
    const resources = (await resourcesIn(stack.folder, project, name)) ?? [];
    expect(resources.length).toBeGreaterThan(3);
    // Where in a program a resource was made is kept too, relative to the project.
    const kept = JSON.stringify(resources.map(({ urn, id, inputs, outputs }) => ({ urn, id, inputs, outputs })));
    for (const known of [root, CHECKOUT]) expect([project, kept.includes(known)]).toEqual([project, false]);
  }
});

test("a moved checkout finds nothing to do", async () => {
  const before = await deployed();
  const moved = path.join(root, "another name of it");
  fs.renameSync(stack.folder, moved);
  stack = new TestStack(moved, NAME);
  expectUnchanged((await stack.start()).stderr);
  expect(await deployed()).toEqual(before);
  expect(await sessionText()).toContain("written under the older program");
}, 300_000);

test("a second clone with the same backend and key finds nothing to do, and can stop the services without a loss", async () => {
  const before = await deployed();
  const second = await copyCheckout(path.join(root, "second"), NAME);
  second.configure(SETTINGS);
  const shared = {
    PULUMI_BACKEND_URL: `file://${path.join(stack.folder, ".ralex/state")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: path.join(stack.folder, ".ralex/passphrase"),
  };
  expectUnchanged((await second.start(shared)).stderr);
  expect(await deployed()).toEqual(before);
  expect((await second.ralex(["stop", "-s", NAME], shared)).exitCode).toBe(0);
  const { containers, volumes } = await deployed();
  expect(containers).toEqual([]);
  const data = (names: readonly string[]) => names.filter((name) => !name.includes("-files-"));
  expect(data(volumes)).toEqual(data(before.volumes));
  expect(data(volumes).length).toBeGreaterThan(4);
}, 300_000);

test("networks that were pruned while it was stopped are put back by a plain start", async () => {
  const networks = await docker.listNetworks({ filters: { label: ["ralex.stack=moved"] } });
  expect(networks).toHaveLength(2);
  for (const { Id } of networks) await docker.getNetwork(Id).remove();
  const { stderr } = await stack.start();
  expect(stderr).toContain("something of moved is gone or stopped");
  expect(await sessionText()).toContain("written under the older program");
}, 300_000);

test("a renamed stack finds nothing to do, and its commands find its containers", async () => {
  const before = await deployed();
  const rename = `eval "$(./ralex env)" && pulumi stack rename renamed --stack ${NAME} --non-interactive`;
  await execa("sh", ["-c", rename], { cwd: stack.folder });
  stack = new TestStack(stack.folder, "renamed");
  stack.configure(SETTINGS);
  expectUnchanged((await stack.start()).stderr);
  expect(await deployed()).toEqual(before);
  const { stdout, exitCode } = await stack.ralex(["status", "--json", "-s", "renamed"]);
  expect(exitCode).toBe(0);
  const containers = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  expect(containers).toHaveLength(before.containers.length);
  expect(containers).toContain("ralex-moved-api-0");
}, 300_000);

test("a reset that nobody confirmed removes nothing and says how; one that was confirmed removes everything", async () => {
  const refused = await stack.ralex(["reset", "-s", "renamed"]);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("say --yes or --confirm renamed")]);
  expect((await deployed()).volumes.length).toBeGreaterThan(4);
  const { exitCode, stderr } = await stack.ralex(["reset", "--confirm", "renamed", "-s", "renamed"]);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/volume ralex-moved-postgres \(\d+\.\d MB\)/);
  expect(stderr).toContain("generated secrets: adminPassword, apiKey,");
  expect(await deployed()).toEqual({ containers: [], volumes: [] });
}, 180_000);
