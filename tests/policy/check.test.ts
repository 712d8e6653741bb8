/** `./ralex policy check` on files and on state, without a process of its own. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { checkFiles } from "../../cli/policy/check-files";
import { checkStack } from "../../cli/policy/check-stack";
import { isRefused, reportOf, shownReport } from "../../cli/policy/checked";
import type { Workspace } from "../../cli/workspace";
import { loadSettings } from "../../components/settings/load";
import { DocumentError, readDocuments } from "../../policy/documents/files";
import { stateResources } from "../../policy/documents/state";
import { judge } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { HIDDEN } from "../../policy/value";
import { contextWith } from "./support/rule-cases";
import { scratchFolder } from "../support/scratch-folder";

const CHECKOUT = path.resolve(__dirname, "../..");
const PLANNED = path.join(__dirname, "fixtures/planning-document");
const COMPOSE = path.join(PLANNED, "docker-compose.yml");
const MANIFEST = path.join(PLANNED, "ralex-deployment.yaml");

describe("the planning document's own files", () => {
  test("are refused by fifteen rules and more, each with what to do about it", async () => {
    expect(fs.readdirSync(PLANNED).sort()).toEqual(["docker-compose.yml", "ralex-deployment.yaml"]);
    const checked = await checkFiles(CHECKOUT, [COMPOSE, MANIFEST]);
    const { violations, checked: count } = reportOf(checked);
    expect(count).toBe(6);
    expect([...new Set(violations.map(({ rule }) => rule))].sort()).toEqual([
      ...["IMG-01", "K8-01", "K8-02", "K8-04", "K8-06", "K8-07", "K8-08", "K8-09", "K8-10"],
      ...["LOC-02", "LOC-03", "LOC-04", "LOC-05", "LOC-06", "LOC-07", "SEC-01", "SEC-02"],
    ]);
    for (const { fix = "", message = "", severity, file } of violations) {
      expect(fix.length).toBeGreaterThan(15);
      expect(message.length).toBeGreaterThan(15);
      expect(["critical", "high", "medium", "low"]).toContain(severity);
      expect(["docker-compose.yml", "ralex-deployment.yaml"]).toContain(file);
    }
    expect(isRefused(checked)).toBe(true);
  });

  test("are reported without any of the secrets in them", async () => {
    const checked = await checkFiles(CHECKOUT, [COMPOSE, MANIFEST]);
    const text = shownReport(checked) + JSON.stringify(reportOf(checked));
    for (const secret of ["ralex-bridge-key", "postgres:password", "password@"]) expect(text).not.toContain(secret);
    expect(text).toContain("6 resources checked: 53 violations of 17 rules");
  });
});

describe("files", () => {
  const folder = scratchFolder();
  const write = (text: string): string => {
    const file = path.join(folder, "given.yaml");
    fs.writeFileSync(file, text);
    return file;
  };

  test("may hold several documents, and lists of objects", () => {
    const { resources, skipped } = readDocuments(
      "---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n" +
        "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}\n---\nnothing: of the kind\n",
      "some/given.yaml",
    );
    expect(resources.map(({ type, urn }) => [type, urn])).toEqual([
      ["kubernetes:core/v1:Pod", "given.yaml#Pod/a"],
      ["kubernetes:apps/v1:Deployment", "given.yaml#Deployment/b"],
    ]);
    expect(skipped).toEqual([
      expect.stringContaining("neither a Kubernetes object (apiVersion and kind) nor a Compose"),
    ]);
  });

  test("are judged by what anchors and merges make of them", async () => {
    const file = write(
      "x-common: &common\n  mem_limit: 64m\n  restart: always\n  security_opt: [no-new-privileges]\n" +
        `services:\n  one:\n    <<: *common\n    image: one@sha256:${"a".repeat(64)}\n  two:\n    <<: *common\n    image: two\n`,
    );
    const { violations } = reportOf(await checkFiles(CHECKOUT, [file]));
    expect(violations.map(({ rule, resource }) => `${rule} ${resource}`)).toEqual([
      "IMG-01 services.two",
      "IMG-03 services.one",
    ]);
  });

  test.each([
    ["is not YAML", "services:\n  a: [\n", /given\.yaml:\d+: /],
    ["has a key twice", "services:\n  a: 1\n  a: 2\n", /given\.yaml:3: Map keys must be unique/],
    ["names an anchor that is not there", "services:\n  a: *missing\n", /Unresolved alias/],
    ["is empty", "", /is empty/],
  ])("are refused with the line where one %s", async (_, text, message) => {
    await expect(checkFiles(CHECKOUT, [write(text)])).rejects.toThrow(message);
  });

  test("are refused where aliases would fill the memory", () => {
    const level = (n: number) =>
      `l${n}: &l${n} [${Array(10)
        .fill(`*l${n - 1}`)
        .join(", ")}]\n`;
    const bomb = `l0: &l0 x\n${[1, 2, 3, 4, 5, 6, 7, 8].map(level).join("")}`;
    expect(() => readDocuments(bomb, "bomb.yaml")).toThrow(DocumentError);
  });

  test("that cannot be read are all named at once", async () => {
    const missing = path.join(os.tmpdir(), "no-such-file.yaml");
    await expect(checkFiles(CHECKOUT, [missing, write("a: [")])).rejects.toThrow(
      /no-such-file\.yaml cannot be read: ENOENT\n.*is not YAML/s,
    );
  });

  test("with properties of any size and depth are judged", () => {
    const deep = JSON.stringify({ apiVersion: "v1", kind: "Pod", spec: { containers: [{ name: "a", args: [] }] } });
    const nested = `${deep.slice(0, -1)},"x":${"[".repeat(500)}${"]".repeat(500)}}`;
    const { resources } = readDocuments(nested, "deep.json");
    for (const rule of RULES) expect(() => judge(rule, resources, contextWith())).not.toThrow();
  });
});

describe("a stack's state", () => {
  const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };
  const provider = { urn: "urn::provider", type: "pulumi:providers:kubernetes", inputs: { namespace: "ralex" } };
  const container = {
    urn: "urn:pulumi:dev::ralex::docker:index/container:Container::api",
    type: "docker:index/container:Container",
    provider: "urn::provider::id",
    inputs: { envs: ["A=1", SECRET], image: "x" },
    protect: true,
  };

  test("has ciphertext, which is a secret that is there and not readable", () => {
    const [, read] = stateResources([provider, container]);
    expect(read).toMatchObject({
      name: "api",
      properties: { envs: ["A=1", HIDDEN], image: "x" },
      options: { protect: true, retainOnDelete: false, namespace: "ralex" },
    });
  });

  test("is judged by every rule, at the level of its environment, and ciphertext is a secret in clear", async () => {
    const deployed = { ...container, inputs: { ...container.inputs, envs: ["API_KEY=x", SECRET], name: "api" } };
    const backend = { deployment: () => Promise.resolve({ resources: [provider, deployed] }) };
    const workspace = { checkout: CHECKOUT, backend } as unknown as Workspace;
    const settings = loadSettings({ environment: {}, dotenv: {}, stack: {} });
    const checked = await checkStack(workspace, "dev", settings);
    const found = reportOf(checked).violations.map(({ rule, level, path: at }) => `${rule} ${level} ${at}`);
    expect(found).toEqual(
      expect.arrayContaining([
        "IMG-01 mandatory image",
        "SEC-01 mandatory envs[0]",
        "SEC-01 mandatory envs[1]",
        "LOC-02 advisory memory",
      ]),
    );
    expect(found.filter((one) => one.startsWith("PRO-01"))).toEqual([]);
    expect(isRefused(checked)).toBe(true);
    expect(reportOf(checked).skipped).toEqual([expect.stringContaining("vulnerabilities of images are not checked")]);
  });

  test("that is not there is told as such", async () => {
    const workspace = { checkout: CHECKOUT, backend: { deployment: () => Promise.resolve(undefined) } };
    const settings = loadSettings({ environment: {}, dotenv: {}, stack: {} });
    await expect(checkStack(workspace as unknown as Workspace, "dev", settings)).rejects.toThrow(
      "there is no stack dev",
    );
  });

  test("has resources that are about to go, which are not judged", () => {
    expect(stateResources([{ ...container, delete: true }])).toEqual([]);
  });
});
