/** A Secret that somebody else makes, asked by the checkout's provider under the real engine; the API server is a stand-in. */
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import * as yaml from "yaml";
import { describeRalex } from "../../components/app/ralex";
import { keysOf } from "../../components/kubernetes/existing-secret";
import { kubernetesPlacement } from "../../components/kubernetes/placement";
import { loadSettings } from "../../components/settings/load";
import { TestStack, type Result } from "../support/pulumi";

jest.setTimeout(240_000);

const CHECKOUT = path.resolve(__dirname, "../..");
const CONFIGURATION = { target: "kubernetes", kubeContext: "test", hostName: "ralex.test", existingSecret: "vault" };
const SETTINGS = loadSettings({ environment: {}, dotenv: {}, stack: CONFIGURATION });
const KEYS = keysOf(describeRalex(SETTINGS, kubernetesPlacement(SETTINGS)));

/** What stands for a pod is another one with another hash. */
const PROGRAM = `
import * as random from "@pulumi/random";
import { describeRalex } from "${CHECKOUT}/components/app/ralex";
import { kubernetesPlacement } from "${CHECKOUT}/components/kubernetes/placement";
import { missingSecrets, SecretHashes } from "${CHECKOUT}/components/kubernetes/secret-hashes";
import { RalexProviderResource } from "${CHECKOUT}/components/provider/resource";
import { loadSettings } from "${CHECKOUT}/components/settings/load";
import { programError } from "${CHECKOUT}/stacks/program-error";
const settings = loadSettings({ environment: {}, dotenv: {}, stack: ${JSON.stringify(CONFIGURATION)} });
const args = {
  application: describeRalex(settings, kubernetesPlacement(settings)),
  place: { context: "test", namespace: "ralex-test", stack: "test" },
  settings,
};
export = async () => {
  const provider = new RalexProviderResource("ralex");
  const missing = await missingSecrets(args, provider);
  if (missing.length > 0) throw programError(missing.join("\\n"));
  const { hashes } = new SecretHashes("hashes", args, { providers: { ralex: provider } });
  for (const service of ["api", "postgres"]) {
    new random.RandomId(service, { byteLength: 4, keepers: { secret: hashes.apply((all) => all[service] ?? "none") } });
  }
};
`;

const PROJECT = {
  name: "secret",
  runtime: {
    name: "nodejs",
    options: { typescript: false, nodeargs: `--require ${path.join(CHECKOUT, "toolchain/typescript.js")}` },
  },
  main: "index.ts",
  plugins: { providers: [{ name: "ralex", path: path.join(CHECKOUT, "components/provider") }] },
};

const valueOf = (key: string): string => `canary-of-${key}`;
const encoded = (value: string): string => Buffer.from(value).toString("base64");

/** What the API server has now. */
let data: Record<string, string> | undefined;
let resourceVersion = 1;
let hasNamespace = false;

const server = http.createServer((request, response) => {
  const objects: Readonly<Record<string, object | undefined>> = {
    "/api/v1/namespaces/ralex-test": hasNamespace ? { kind: "Namespace", metadata: { name: "ralex-test" } } : undefined,
    "/api/v1/namespaces/ralex-test/secrets/vault": data && {
      ...{ kind: "Secret", type: "Opaque", data },
      metadata: { name: "vault", resourceVersion: String(resourceVersion) },
    },
  };
  const object = objects[request.url ?? ""];
  const status = { kind: "Status", code: 404, message: "not found" };
  response.writeHead(object === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify({ apiVersion: "v1", ...(object ?? status) }));
});

let stack: TestStack;
let kubeconfig: string;

const run = (...args: readonly string[]): Promise<Result> => stack.runWith({ KUBECONFIG: kubeconfig }, ...args);
const up = (...args: readonly string[]) => run("up", "--yes", ...args);

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack = await TestStack.create("secret", { "Pulumi.yaml": JSON.stringify(PROJECT), "index.ts": PROGRAM });
  kubeconfig = path.join(stack.folder, "kubeconfig");
  const { port } = server.address() as AddressInfo;
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "test" },
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "test", user: { token: "none" } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  };
  fs.writeFileSync(kubeconfig, yaml.stringify(config));
});
afterAll(async () => {
  await run("state", "unprotect", "--all", "--yes");
  await stack.remove();
  server.close();
});

test("a first preview ends with what is missing, and with the commands that make it", async () => {
  const { exitCode, text } = await run("preview");
  expect([exitCode, text]).not.toEqual([0, text]);
  expect(text).toContain("there is no Secret vault in ralex-test: it has to have the keys");
  expect(text).toContain("kubectl --context test create namespace ralex-test");
  expect(text).toContain("kubectl --context test --namespace ralex-test create secret generic vault --from-file=vault");
  for (const key of KEYS) expect(text).toContain(key);
});

test("a preview ends with the names of all keys that are missing", async () => {
  hasNamespace = true;
  data = Object.fromEntries(KEYS.slice(2).map((key) => [key, encoded(valueOf(key))]));
  const { exitCode, text } = await run("preview");
  expect([exitCode, text]).not.toEqual([0, text]);
  expect(text).toContain(`the Secret vault in ralex-test has no value for ${KEYS.slice(0, 2).join(", ")}: add each`);
});

test("an update knows no value, and a second one has nothing to do, whatever else of the Secret has changed", async () => {
  data = Object.fromEntries(KEYS.map((key) => [key, encoded(valueOf(key))]));
  const first = await up("--strict");
  if (first.exitCode !== 0) throw new Error(first.text);
  resourceVersion += 1;
  data = { ...data, ofNobody: encoded("another") };
  const second = await up("--expect-no-changes");
  expect([second.exitCode, second.text]).toEqual([0, second.text]);
  const { text: exported } = await run("stack", "export", "--show-secrets");
  expect(exported).toMatch(/"secret": "[0-9a-f]{64}"/);
  for (const text of [exported, stack.stored()]) {
    expect(text).not.toContain("canary-of-");
    expect(text).not.toContain(encoded("canary-of-").slice(0, 12));
  }
});

test("another value is another pod of those that read it, in the preview already, and of no others", async () => {
  data = { ...data, apiKey: encoded("canary-of-another") };
  const preview = await run("preview", "--save-plan", "plan.json");
  expect(preview.text).toMatch(/RandomId +api +replace/);
  expect(preview.text).not.toMatch(/RandomId +postgres +replace/);
  expect(fs.readFileSync(path.join(stack.folder, "plan.json"), "utf8")).not.toContain("canary-of-");
  data = { ...data, apiKey: encoded("canary-of-a-third") };
  // What nobody has seen a preview of.
  expect((await run("up", "--yes", "--plan", "plan.json")).text).toContain("violates plan");
  const { exitCode, text } = await up("--strict");
  expect([exitCode, text]).toEqual([0, text]);
});

test("a Secret that is gone keeps everything as it is", async () => {
  data = undefined;
  const { exitCode, text } = await up();
  expect([exitCode, text]).not.toEqual([0, text]);
  expect(text).toContain("there is no Secret vault in ralex-test");
  const { text: exported } = await run("stack", "export");
  expect(exported.match(/"type": "random:index\/randomId:RandomId"/g)).toHaveLength(2);
});

test("a program that would generate secrets in their place is refused by the engine too, since the hashes' key is protected", async () => {
  stack.write(
    "index.ts",
    `import * as random from "@pulumi/random";\nnew random.RandomId("own", { byteLength: 4 });\n`,
  );
  const { exitCode, text } = await run("preview");
  expect([exitCode, text]).not.toEqual([0, text]);
  expect(text).toMatch(/hashes-key[^]*cannot be deleted/);
});
