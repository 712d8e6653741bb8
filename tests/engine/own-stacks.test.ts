/** The pack on previews of this repository's own programs, under the engine: no cluster and no engine of containers is asked. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { RELEASE_PROJECT, WORKING_TREE_STACK, type ReleaseRecord } from "../../components/image/releases";
import { LEDGER_OUTPUT, LEDGER_PROJECT } from "../../components/image/ledger";
import { thirdPartyImages } from "../../components/image/third-party";
import { ImageLock } from "../../components/image/lock";
import { linkKubernetesPlugin } from "../../toolchain/pulumi/kubernetes-plugin";
import { TestStack } from "../support/pulumi";

jest.setTimeout(400_000);

const CHECKOUT = path.resolve(__dirname, "../..");
const DIGEST = `sha256:${"d".repeat(64)}`;
const OWN_DIGEST = `sha256:${"e".repeat(64)}`;
const OWN = ["ralex-api", "ralex-api-dev", "probe"];
const NAMES = [
  "postgres",
  "redis",
  "openwebui",
  "nginx",
  "prometheus",
  "alertmanager",
  "victorialogs",
  "node-exporter",
];
const MORE = [
  "postgres-exporter",
  "redis-exporter",
  "nginx-exporter",
  "otel-collector",
  "grafana",
  "python",
  "registry",
];

let folder: string;
const made: TestStack[] = [];
let images: ReleaseRecord["images"];

const entry = (name: string) => ({
  ...{ repository: `registry.example/${name}`, tag: "1", digest: DIGEST, platforms: ["linux/amd64", "linux/arm64"] },
  sizeBudgetMiB: 100,
  substitute: true,
});

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-own-stacks-"));
  const lock = path.join(folder, "lock.json");
  fs.writeFileSync(lock, JSON.stringify(Object.fromEntries([...NAMES, ...MORE].map((name) => [name, entry(name)]))));
  process.env.RALEX_IMAGES_LOCK = lock;
  images = {
    ...thirdPartyImages(ImageLock.read(lock)),
    ...Object.fromEntries(
      OWN.map((name) => [name, { ref: `registry.example/${name}@${OWN_DIGEST}`, platforms: ["linux/amd64"] }]),
    ),
  };
});
afterAll(async () => {
  delete process.env.RALEX_IMAGES_LOCK;
  for (const stack of made) await stack.remove();
  fs.rmSync(folder, { recursive: true });
});

/** A stack that puts out what another one reads. */
async function putsOut(project: string, stack: string, output: string, value: unknown): Promise<void> {
  const program = `module.exports = { ${JSON.stringify(output)}: ${JSON.stringify(value)} };`;
  const state = path.join(folder, "state");
  const one = await TestStack.create(project, { "index.ts": program }, { stack, state });
  made.push(one);
  const { exitCode, text } = await one.up();
  if (exitCode !== 0) throw new Error(text);
}

/** Of a cluster that nobody reaches: a preview goes on without it. */
function kubeconfig(): string {
  const file = path.join(folder, "kubeconfig");
  const cluster = { server: "https://127.0.0.1:1" };
  const context = { cluster: "none", user: "none" };
  const content = {
    ...{ apiVersion: "v1", kind: "Config", clusters: [{ name: "none", cluster }], users: [{ name: "none", user: {} }] },
    ...{ contexts: [{ name: "ralex", context }], "current-context": "ralex" },
  };
  fs.writeFileSync(file, yaml.stringify(content));
  return file;
}

/** Previews an environment of the repository with what its file says, and whatever else. */
async function preview(stack: string, more: Readonly<Record<string, unknown>>) {
  const { config } = yaml.parse(fs.readFileSync(path.join(CHECKOUT, `Pulumi.${stack}.yaml`), "utf8")) as {
    config: object;
  };
  const program = `module.exports = require(${JSON.stringify(path.join(CHECKOUT, "stacks/index.ts"))});`;
  const state = path.join(folder, "state");
  const runtime = {
    name: "nodejs",
    options: { typescript: false, nodeargs: `--require ${path.join(CHECKOUT, "toolchain/typescript.js")}` },
  };
  const plugins = { providers: [{ name: "ralex", path: path.join(CHECKOUT, "components/provider") }] };
  const project = JSON.stringify({ name: "ralex", runtime, main: "index.ts", plugins });
  const one = await TestStack.create("ralex", { "index.ts": program, "Pulumi.yaml": project }, { stack, state });
  made.push(one);
  await linkKubernetesPlugin(path.join(CHECKOUT, ".ralex/pulumi"));
  const before = yaml.parse(fs.readFileSync(path.join(one.folder, `Pulumi.${stack}.yaml`), "utf8")) as object;
  one.write(`Pulumi.${stack}.yaml`, yaml.stringify({ ...before, config: { ...config, ...more } }));
  return one.runWith(
    { CI: "true", KUBECONFIG: kubeconfig() },
    "preview",
    "--policy-pack",
    path.join(CHECKOUT, "policy"),
  );
}

const SCHEMA = { version: 1, barriers: [] };
const AT = "2026-01-01T00:00:00Z";

/** What the report has against the stack, by rule. */
const at = (level: "mandatory" | "advisory", text: string): readonly string[] => {
  const found = text.matchAll(new RegExp(`\\[${level}\\][^\\n]*\\n\\s*([A-Z0-9]+-\\d\\d):`, "g"));
  return [...new Set([...found].map(([, rule]) => rule ?? ""))].sort();
};

test("dev, as its file has it, has no mandatory violation and nothing undecided that would close the gate", async () => {
  const release = { id: "r-1", revision: "abc", createdAt: AT, images, schema: SCHEMA };
  await putsOut(RELEASE_PROJECT, WORKING_TREE_STACK, "releases", [release]);
  const { exitCode, text } = await preview("dev", {});
  expect(at("mandatory", text)).toEqual([]);
  expect(text).not.toContain("[mandatory]");
  expect(exitCode).toBe(0);
  expect(at("advisory", text)).toEqual(["IMG-03"]);
  expect(text).toContain("vulnerabilities of images are not checked");
});

test.each(["staging", "prod"])(
  "%s, on a cluster, lacks nothing but evidence of images that no registry has",
  async (stack) => {
    const verified = {
      id: "r-1",
      images,
      ran: Object.keys(images),
      revision: "abc",
      createdAt: AT,
      schema: SCHEMA,
      at: AT,
    };
    const checks = [{ name: "a check", passed: true, detail: "" }];
    await putsOut(LEDGER_PROJECT, stack, LEDGER_OUTPUT, [{ ...verified, actor: "me", checks }]);
    const pin = { id: "r-1", images: Object.fromEntries(Object.entries(images).map(([name, { ref }]) => [name, ref])) };
    const { text } = await preview(stack, { "ralex:release": pin });
    expect(at("mandatory", text)).toEqual(["IMG-03"]);
  },
);
