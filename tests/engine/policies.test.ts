/** The policy pack under the engine: what it says of a preview, and that nothing of it can be passed by breaking it. */
import * as path from "node:path";
import { linkKubernetesPlugin } from "../../toolchain/pulumi/kubernetes-plugin";
import { TestStack, type Result } from "../support/pulumi";

jest.setTimeout(240_000);

const PACK = path.resolve(__dirname, "../../policy");
/** The pack of the repository, in a checkout that has another configuration. */
const ENTRY = `require(require(${JSON.stringify(path.join(PACK, "bundle.js"))}).packBundle()).start(require("node:path").resolve(__dirname, ".."));`;
const DIGEST = `sha256:${"a".repeat(64)}`;

const program = (lines: string): string => `
import * as docker from "@pulumi/docker";
import * as random from "@pulumi/random";
import * as pulumi from "@pulumi/pulumi";
${lines}
`;

const good = `new random.RandomPassword("password", { length: 32 });`;
const critical = `new random.RandomPassword("short", { length: 8 });`;
const medium = `new docker.Container("api", {
  name: "api", image: "ralex@${DIGEST}", restart: "unless-stopped", memory: 64,
});`;
const unknown = `const id = new random.RandomId("id", { byteLength: 8 });
new docker.Container("api", {
  name: "api", image: id.hex, restart: "unless-stopped", memory: 64, securityOpts: ["no-new-privileges"],
});`;
const pulled = `const image = new docker.RemoteImage("image", { name: "ralex@${DIGEST}" });
new docker.Container("api", {
  name: "api", image: image.imageId, restart: "unless-stopped", memory: 64, securityOpts: ["no-new-privileges"],
});`;

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.create("policies", {
    "index.ts": program(good),
    "policy/PulumiPolicy.yaml": JSON.stringify({ name: "ralex", runtime: "nodejs", main: "index.js" }),
    "policy/package.json": JSON.stringify({ name: "pack", version: "1.0.0", private: true }),
    "policy/index.js": ENTRY,
    "policy/config/test.json": "{}",
    "images/images.lock.json": "{}",
  });
});
afterAll(() => stack.remove());

async function judged(
  text: string,
  { configuration = {}, CI = "" }: { readonly configuration?: unknown; readonly CI?: string } = {},
): Promise<Result> {
  stack.write("index.ts", program(text));
  stack.write(
    "policy/config/test.json",
    typeof configuration === "string" ? configuration : JSON.stringify(configuration),
  );
  return stack.runWith({ CI }, "preview", "--policy-pack", "policy");
}

test("the repository's own pack starts from its folder, and passes what keeps every rule", async () => {
  stack.write("index.ts", program(good));
  const { exitCode, text } = await stack.run("preview", "--policy-pack", PACK);
  expect({ exitCode, text }).toMatchObject({ exitCode: 0 });
  expect(text).toContain("ralex");
});

test("a mandatory violation stops a preview, and says what is wrong, where, what to do and why, without the value", async () => {
  const { exitCode, text } = await judged(`new docker.Container("api", {
    name: "api", image: "ralex@${DIGEST}", restart: "unless-stopped", memory: 64, securityOpts: ["no-new-privileges"],
    envs: ["API_KEY=s3cr3t-value-of-a-user"],
  });`);
  expect(exitCode).not.toBe(0);
  expect(text).toContain("[mandatory]");
  expect(text).toContain("SEC-01: envs[0]: variable API_KEY of container api is a secret in clear");
  expect(text).toContain("fix: Mount it as a file");
  expect(text).toContain("https://docs.aws.amazon.com/securityhub");
  expect(text).not.toContain("s3cr3t");
});

test("an advisory one is shown, and lets a preview through; where releases are promoted to it stops", async () => {
  const development = await judged(medium);
  expect(development.exitCode).toBe(0);
  expect(development.text).toContain("[advisory]");
  expect(development.text).toContain("LOC-06: securityOpts: container api may gain privileges");
  const promoted = await judged(medium, { configuration: { environments: ["dev", "test"] } });
  expect(promoted.exitCode).not.toBe(0);
  expect(promoted.text).toMatch(/\[mandatory\] .*local-container-disallow-new-privileges/);
  expect(promoted.text).toContain("PRO-01: no release is pinned for test");
});

test("every severity is told with its violation", async () => {
  const { text } = await judged(`${critical}\n${medium}\n
    new docker.Container("open", { name: "open", image: "ralex:1", restart: "always", memory: 64, ports: [{ internal: 80, external: 80 }] });`);
  for (const severity of ["CRITICAL", "HIGH", "MEDIUM"]) expect(text.toUpperCase()).toContain(severity);
});

test("what is not known yet is shown in development, and closes the gate in CI", async () => {
  const shown = await judged(unknown);
  expect(shown.exitCode).toBe(0);
  expect(shown.text).toContain("IMG-01: image: the image of container api is not named by a digest");
  expect(shown.text).toContain("known during the update only");
  const closed = await judged(unknown, { CI: "true" });
  expect(closed.exitCode).not.toBe(0);
  expect(closed.text).toContain("[mandatory]");
  const configured = await judged(unknown, { CI: "true", configuration: { failOnUndecided: false } });
  expect(configured.exitCode).toBe(0);
});

test("an image that another resource pulls by digest is decided, though its id is not known yet", async () => {
  const { exitCode, text } = await judged(pulled, { CI: "true" });
  expect(text).not.toContain("IMG-01");
  expect(exitCode).toBe(0);
});

test("an exception lets one resource through and says so; one that is unused or has expired stops the preview", async () => {
  const exception = { rule: "SEC-02", urn: "*::short", reason: "a test", owner: "me", expires: "2999-01-01" };
  const excepted = await judged(critical, { configuration: { exceptions: [exception] } });
  expect(excepted.exitCode).toBe(0);
  expect(excepted.text).toContain("excepted until 2999-01-01 by me: a test");
  const unused = await judged(good, { configuration: { exceptions: [exception] } });
  expect(unused.exitCode).not.toBe(0);
  expect(unused.text).toContain("the exception of SEC-02 for *::short (me) excepts nothing");
  const expired = await judged(critical, { configuration: { exceptions: [{ ...exception, expires: "2020-01-01" }] } });
  expect(expired.exitCode).not.toBe(0);
  expect(expired.text).toContain("SEC-02: length: the password is shorter than 16 characters");
});

test("every report repeats that vulnerabilities are not looked for", async () => {
  const { exitCode, text } = await judged(good, { configuration: { vulnerabilityEvidence: "unavailable" } });
  expect(exitCode).toBe(0);
  expect(text).toContain("vulnerabilities of images are not checked");
});

const bare = `import * as k8s from "@pulumi/kubernetes";
const provider = new k8s.Provider("rendered", { renderYamlToDirectory: "rendered" });
const id = new random.RandomId("id", { byteLength: 8 });
new k8s.core.v1.Pod("bare", { spec: { containers: [{
  name: "bare", image: "ralex@${DIGEST}", env: [{ name: "OF", value: id.hex }, { name: "TO", value: pulumi.secret("canary-b7") }],
}] } }, { provider });`;

test("what a pod says nothing of is put right where the configuration asks for it, and nowhere that is promoted to", async () => {
  await linkKubernetesPlugin(path.resolve(__dirname, "../../.ralex/pulumi"));
  const capabilities = "K8-02: spec.containers[0].securityContext.capabilities.drop";
  expect((await judged(bare)).text).toContain(capabilities);
  const { text } = await judged(bare, { configuration: { remediate: true } });
  expect(text).toContain("kubernetes-workload-drop-capabilities");
  expect(text).not.toContain(capabilities);
  expect(text).not.toContain("canary-b7");
  const configuration = { remediate: true, environments: ["dev", "test"] };
  const promoted = await judged(bare, { configuration });
  expect(promoted.exitCode).not.toBe(0);
  expect(promoted.text).toContain(capabilities);
  expect(promoted.text).toContain(
    "the pack's configuration says remediate, and releases are promoted to this environment",
  );
});

test("a malformed configuration closes the gate with every problem of it", async () => {
  const wrong = await judged(good, {
    configuration: { registry: [], mostEvidenceDays: 0, exceptions: [{ rule: "x" }] },
  });
  expect(wrong.exitCode).not.toBe(0);
  expect(wrong.text).toContain("policy/config/test.json is no configuration of the policy pack");
  expect(wrong.text).toContain("mostEvidenceDays");
  expect(wrong.text).toContain("exceptions.0.owner");
  const broken = await judged(good, { configuration: "{" });
  expect(broken.exitCode).not.toBe(0);
  expect(broken.text).toContain("policy/config/test.json is no JSON");
});

test("a pack that ends while it judges closes the gate", async () => {
  const crash = ENTRY.replace("require(require", "setTimeout(() => process.exit(1), 1500); require(require");
  stack.write("policy/index.js", crash);
  try {
    stack.write(
      "index.ts",
      program(`const id = new random.RandomId("id", { byteLength: 8 });
      pulumi.runtime.registerStackTransformation(() => undefined);
      export = new Promise((resolve) => setTimeout(() => { new random.RandomPassword("late", { length: 32 }); resolve({}); }, 4000));`),
    );
    const { exitCode, text } = await stack.run("preview", "--policy-pack", "policy");
    expect({ exitCode, text }).not.toMatchObject({ exitCode: 0 });
  } finally {
    stack.write("policy/index.js", ENTRY);
  }
});
