/**
 * A stack whose secrets somebody else makes, on a real cluster: from the refusal without them to a rotated value, and
 * nothing of any value in what Pulumi keeps.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { kubectl } from "../../toolchain/cluster";
import { ClusterEnvironments, NODE_ADDRESS } from "../support/cluster-environments";
import { CHECKOUT } from "../support/stack";

const MINUTE = 60_000;
const NAMESPACE = "ralex-kstaging";
const UNCHANGED = /Resources:\s+\d+ unchanged/;
const CHANGED = /\d+ (created|updated|replaced|deleted)/;

const GENERATED = [
  ...["apiKey", "adminPassword", "webuiSecretKey", "superuserPassword", "redisPassword"],
  ...["ralexDatabasePassword", "openwebuiDatabasePassword", "monitoringDatabasePassword", "operatorPassword"],
];

/** As the chart's hook makes them. */
const MAKE = `
import json, sys
sys.path.insert(0, sys.argv[1])
import make_secret as made
values = {key: made.password(40) for key in sys.argv[3:]}
print(json.dumps({**values, **made.certificates(sys.argv[2])}))
`;

let all: ClusterEnvironments;
let values: Record<string, string>;
/** Every value that was ever in the Secret. */
const known = new Set<string>();

const deploy = () => all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"]);
const configure = () => all.configure({ existingSecret: "vault" });
const chat = (content: string, apiKey = values.apiKey ?? "") =>
  all.chat(content, { apiKey, ca: values.tlsCaCertificate ?? "" });

/** Makes the Secret what the values say; they are on no command line and on no disk. */
async function applySecret(): Promise<void> {
  for (const value of Object.values(values)) known.add(value);
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const metadata = { name: "vault", namespace: NAMESPACE };
  const input = JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    data: Object.fromEntries(data) as unknown,
  });
  // Server-side: nothing of it stays in an annotation.
  await kubectl(["apply", "--server-side", "-f", "-"], { input });
}

async function newValues(keys: readonly string[]): Promise<Record<string, string>> {
  const folder = path.join(CHECKOUT, "components/secrets/composer");
  const { stdout } = await execa("python3", ["-c", MAKE, folder, NODE_ADDRESS, ...keys]);
  return JSON.parse(stdout) as Record<string, string>;
}

/** Names and starts of the pods that run. */
async function pods(): Promise<Readonly<Record<string, readonly string[]>>> {
  const jsonpath = "{range .items[*]}{.metadata.labels.app\\.kubernetes\\.io/name} {.metadata.uid}{'\\n'}{end}";
  const text = await all.kubectl("get", "pods", "--field-selector=status.phase=Running", "-o", `jsonpath=${jsonpath}`);
  const lines = text.split("\n").filter((line) => line !== "");
  const byService: Record<string, string[]> = {};
  for (const [service = "", uid = ""] of lines.map((line) => line.split(" "))) (byService[service] ??= []).push(uid);
  return Object.fromEntries(Object.entries(byService).map(([service, uids]) => [service, uids.sort()]));
}

async function expectNoValueKept(): Promise<void> {
  const state = await all.state("kstaging");
  expect(state.length).toBeGreaterThan(10_000);
  const forms = [...known].flatMap((value) => [value, Buffer.from(value).toString("base64"), JSON.stringify(value)]);
  expect(forms.filter((form) => state.includes(form))).toEqual([]);
}

beforeAll(async () => {
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-existing-secret-")));
  all.startUpstream();
  configure();
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
}, 10 * MINUTE);

afterAll(() => all.remove(), 5 * MINUTE);

describe("a stack with a Secret that somebody else makes", () => {
  test(
    "is refused before the Secret is there, with the commands that make it, and nothing is made",
    async () => {
      const refused = await all.ralex("kstaging", ["promote", "kdev", "kstaging", "--deploy", "--yes"]);
      expect([refused.exitCode, refused.stderr]).toEqual([
        1,
        expect.stringMatching(
          /nothing of kstaging was changed:\s+there is no Secret vault in ralex-kstaging[^]*kubectl .* create namespace/,
        ),
      ]);
      await expect(kubectl(["get", "namespace", NAMESPACE])).rejects.toThrow(/not found/);
    },
    2 * MINUTE,
  );

  test(
    "is refused with every key that is missing, in a namespace that is meant for it",
    async () => {
      await kubectl(["create", "namespace", NAMESPACE]);
      const unlabelled = await deploy();
      expect([unlabelled.exitCode, unlabelled.stderr]).toEqual([1, expect.stringContaining("label namespace")]);
      await kubectl(["label", "namespace", NAMESPACE, "app.kubernetes.io/instance=kstaging"]);
      values = await newValues(GENERATED);
      const whole = values;
      values = Object.fromEntries(Object.entries(whole).filter(([key]) => !["apiKey", "redisPassword"].includes(key)));
      await applySecret();
      const partly = await deploy();
      expect([partly.exitCode, partly.stderr]).toEqual([
        1,
        expect.stringContaining("has no value for apiKey, redisPassword"),
      ]);
      values = whole;
      await applySecret();
    },
    2 * MINUTE,
  );

  test(
    "comes up in the namespace that is there, answers over TLS to the Secret's key and authority, and again without a change",
    async () => {
      await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
      const { status, body } = await chat("with a key of the Secret");
      expect([status, body]).toEqual([200, expect.stringContaining("echo: with a key of the Secret")]);
      const { stderr } = await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
      expect(stderr).toMatch(UNCHANGED);
      expect(stderr).not.toMatch(CHANGED);
      const labels = await kubectl(["get", "namespace", NAMESPACE, "--show-labels"]);
      expect(labels).toContain("pod-security.kubernetes.io/enforce=restricted");
      await expectNoValueKept();
    },
    8 * MINUTE,
  );

  test("has no output of what it does not know, and tells the command that prints it", async () => {
    const { exitCode, stderr } = await all.ralex("kstaging", ["output", "apiKey", "-s", "kstaging"]);
    expect(exitCode).toBe(1);
    const command = /kubectl .*/.exec(stderr)?.[0] ?? "";
    expect(command).toContain("get secret vault");
    const words = command.replace(/^kubectl/, "").replace(/\| base64.*/, "");
    const { stdout } = await execa("sh", ["-c", `printf '%s\\n' ${words}`]);
    const encoded = await kubectl(stdout.split("\n"));
    expect(Buffer.from(encoded, "base64").toString()).toBe(values.apiKey);
    const rotate = await all.ralex("kstaging", ["rotate", "apiKey", "-s", "kstaging"]);
    expect([rotate.exitCode, rotate.stderr]).toEqual([2, expect.stringContaining("is in the Secret vault")]);
  }, 60_000);

  test(
    "takes no change from a Secret that was only touched",
    async () => {
      await all.kubectl("annotate", "secret", "vault", "refreshed=now");
      const { stderr } = await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
      expect(stderr).toMatch(UNCHANGED);
      expect(stderr).not.toMatch(CHANGED);
    },
    2 * MINUTE,
  );

  test(
    "takes a changed key with the next deployment: the new one works, the old one is refused, and stores run on",
    async () => {
      const [old, before] = [values.apiKey, await pods()];
      values = { ...values, apiKey: (await newValues(["apiKey"])).apiKey ?? "" };
      await applySecret();
      expect(await chat("before the deployment", old)).toMatchObject({ status: 200 });
      await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
      expect(await chat("with the new key")).toMatchObject({ status: 200 });
      expect(await chat("with the old key", old)).toMatchObject({ status: 401 });
      const after = await pods();
      for (const service of ["postgres", "redis", "edge"])
        expect([service, after[service]]).toEqual([service, before[service]]);
      expect(after.api?.filter((uid) => before.api?.includes(uid))).toEqual([]);
      await expectNoValueKept();
    },
    5 * MINUTE,
  );

  test(
    "takes a changed password of a database, which the job sets before the API reads it",
    async () => {
      values = { ...values, ralexDatabasePassword: (await newValues(["it"])).it ?? "" };
      await applySecret();
      await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
      expect(await chat("with another password of the database")).toMatchObject({ status: 200 });
      await expectNoValueKept();
    },
    5 * MINUTE,
  );

  test("is not made one with secrets of its own", async () => {
    all.configure();
    const { exitCode, stderr } = await deploy();
    configure();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("set ralex:existingSecret to its name again")]);
  }, 60_000);
});
