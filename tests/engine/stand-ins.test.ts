/** The real CLI runs programs through the language host and the stand-ins for random and tls. */
import { X509Certificate, createPrivateKey } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { TestStack } from "../support/pulumi";

jest.setTimeout(180_000);

const stacks: TestStack[] = [];
const create = async (...args: Parameters<typeof TestStack.create>) => {
  const stack = await TestStack.create(...args);
  stacks.push(stack);
  return stack;
};
afterAll(async () => {
  for (const stack of stacks) await stack.remove();
});

const CANARY = "canary-7f3a91c4";

const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
const canary = new pulumi.Config().requireSecret("canary");
const password = new random.RandomPassword("password", { length: 40, special: false, minNumeric: 4 });
const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const ca = new tls.SelfSignedCert("ca", {
  privateKeyPem: key.privateKeyPem, isCaCertificate: true, allowedUses: ["cert_signing"], validityPeriodHours: 24,
  subject: { commonName: "Test CA" },
});
const leaf = new tls.PrivateKey("leaf", { algorithm: "RSA", rsaBits: 2048 });
const request = new tls.CertRequest("request", {
  privateKeyPem: leaf.privateKeyPem, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"],
});
const cert = new tls.LocallySignedCert("cert", {
  certRequestPem: request.certRequestPem, caPrivateKeyPem: key.privateKeyPem, caCertPem: ca.certPem,
  allowedUses: ["server_auth"], validityPeriodHours: 12,
});
const kept = new random.RandomString("kept", { length: 8, keepers: { given: canary, made: password.result } });
export const result = password.result;
export const hash = password.bcryptHash;
export const caPem = ca.certPem;
export const leafPem = cert.certPem;
export const leafKey = leaf.privateKeyPem;
export const given = kept.keepers.apply((keepers) => keepers?.given);
export const made = kept.keepers.apply((keepers) => keepers?.made);
export const computed = canary.apply((text) => "computed from " + text);
`;

describe.each(["dev", "staging", "prod"])("stack %s with a passphrase of its own", (name) => {
  let stack: TestStack;
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    stack = await create("standins", { "index.ts": PROGRAM }, { stack: name, passphrase: `passphrase of ${name}` });
    await stack.run("config", "set", "--secret", "canary", CANARY);
    const preview = await stack.preview();
    expect(preview.text).toContain("+ 8 to create");
    const up = await stack.up();
    expect(up).toMatchObject({ exitCode: 0 });
    expect(preview.text + up.text).not.toContain(CANARY);
    outputs = await stack.outputs();
  });

  test("gives a password and certificates that hold together", () => {
    expect(outputs.result).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(outputs.hash).toMatch(/^\$2[aby]\$\d\d\$/);
    const authority = new X509Certificate(String(outputs.caPem));
    const certificate = new X509Certificate(String(outputs.leafPem));
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkPrivateKey(createPrivateKey(String(outputs.leafKey)))).toBe(true);
  });

  test("stores no secret in clear, neither one that was given nor one that was made or computed from one", () => {
    expect(outputs).toMatchObject({ given: CANARY, made: outputs.result, computed: `computed from ${CANARY}` });
    const stored = stack.stored();
    expect(stored).toContain("ralex");
    expect(stored).not.toContain(CANARY);
    for (const made of [outputs.result, outputs.hash]) {
      // Of an output that is not there every file is free.
      expect(made).toEqual(expect.stringMatching(/.{40}/));
      expect(stored).not.toContain(made);
    }
    expect(stored).not.toContain("PRIVATE KEY");
  });

  test("has nothing to do a second time, and after a refresh", async () => {
    expect(await stack.up("--expect-no-changes")).toMatchObject({ exitCode: 0 });
    expect(await stack.refresh("--expect-no-changes")).toMatchObject({ exitCode: 0 });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ exitCode: 0 });
  });

  test("cannot be opened with another environment's passphrase", async () => {
    const other = await stack.runWith({ PULUMI_CONFIG_PASSPHRASE: "passphrase of another" }, "preview");
    expect(other.exitCode).not.toBe(0);
    expect(other.text).toContain("incorrect passphrase");
  });

  test("holds nothing any more when it is destroyed", async () => {
    expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
    expect(await stack.outputs()).toEqual({});
  });
});

test("an error of the program is shown with its place, and the exit code is not 0", async () => {
  const stack = await create("failing", {
    "index.ts": `\ninterface Unused { a: 1 }\n\nthrow new Error("deliberate");\n`,
  });
  const { exitCode, text } = await stack.preview();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("deliberate");
  expect(text).toContain("index.ts:4");
});

test("an input that the stand-in does not implement is refused by name, before anything is created", async () => {
  const stack = await create("refused", {
    "index.ts": `import * as random from "@pulumi/random";
      new random.RandomInteger("i", { min: 1, max: 6, seed: "chosen" });`,
  });
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("seed");
  expect(text).toContain("does not implement this input of random RandomInteger");
});

test("an input that the official SDK does not have is refused by name", async () => {
  const stack = await create("unknown", {
    "index.ts": `import * as random from "@pulumi/random";
      new random.RandomPassword("p", { length: "long", lenght: 3 } as never);`,
  });
  // The official SDK itself drops what it does not know, so only the wrong type reaches the plugin.
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("length");
  expect(text).toContain("must be a number");
});

test("an operation that fails says which input is wrong, and not the secret that it holds", async () => {
  const stack = await create("wrong", {
    "index.ts": `import * as pulumi from "@pulumi/pulumi";
      import * as tls from "@pulumi/tls";
      new tls.CertRequest("r", { privateKeyPem: pulumi.secret("${CANARY}"), dnsNames: ["localhost"] });`,
  });
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("privateKeyPem is not an unencrypted private key in PEM form");
  expect(text).not.toContain(CANARY);
});

test("state of an official plugin is left alone", async () => {
  const stack = await create("foreign", {
    "index.ts": `import * as random from "@pulumi/random"; new random.RandomUuid("u");`,
  });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  const file = path.join(stack.folder, "exported.json");
  await stack.run("stack", "export", "--file", file);
  const foreign = fs.readFileSync(file, "utf8").replace(/"__standIn": "ralex",?/, "");
  fs.writeFileSync(file, foreign);
  await stack.run("stack", "import", "--file", file);
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("was written by the official random plugin");
  expect((await stack.destroy()).exitCode).not.toBe(0);
});

test("a project reads the outputs of another through a StackReference", async () => {
  const first = await create("first", { "index.ts": `export const releases = [{ id: "r1", images: { api: "x" } }];` });
  expect(await first.up()).toMatchObject({ exitCode: 0 });
  const second = await create(
    "second",
    {
      "index.ts": `import * as pulumi from "@pulumi/pulumi";
        export const seen = new pulumi.StackReference("organization/first/test").getOutput("releases");`,
    },
    { state: first.state },
  );
  expect(await second.up()).toMatchObject({ exitCode: 0 });
  expect(await second.outputs()).toEqual({ seen: [{ id: "r1", images: { api: "x" } }] });
});
