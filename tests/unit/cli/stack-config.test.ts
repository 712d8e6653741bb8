import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { Failure } from "../../../cli/failure";
import { committedFile, prepareConfigFile, sealedSettings, writtenSettings } from "../../../cli/stack-config";
import { Workspace } from "../../../cli/workspace";

describe("a stack's configuration file", () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-config-"));
  afterAll(() => fs.rmSync(checkout, { recursive: true }));
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  const own = workspace.path("Pulumi.ralex.dev.yaml");
  const stacks = workspace.path("state/.pulumi/stacks/ralex");
  beforeAll(() => {
    fs.mkdirSync(stacks, { recursive: true });
    fs.writeFileSync(path.join(stacks, "dev.json"), "{}");
  });
  const prepared = async (content: Record<string, unknown>) =>
    yaml.parse(fs.readFileSync(await prepareConfigFile(workspace, "ralex", "dev", content), "utf8")) as unknown;

  test("keeps the stack's own encryption over changes of the committed file", async () => {
    fs.writeFileSync(own, yaml.stringify({ encryptionsalt: "v1:own", config: { "ralex:old": 1 } }));
    expect(await prepared({ config: { "ralex:apiReplicas": 3 } })).toEqual({
      config: { "ralex:apiReplicas": 3 },
      encryptionsalt: "v1:own",
    });
  });

  test("has the encryption that the stack's state has, whatever is kept here: another machine may have made it", async () => {
    fs.writeFileSync(own, yaml.stringify({ encryptionsalt: "v1:kept" }));
    const secrets_providers = { type: "passphrase", state: { salt: "v1:of the state" } };
    fs.writeFileSync(path.join(stacks, "dev.json"), JSON.stringify({ checkpoint: { latest: { secrets_providers } } }));
    expect(await prepared({ config: {} })).toEqual({ config: {}, encryptionsalt: "v1:of the state" });
    fs.writeFileSync(path.join(stacks, "dev.json"), "{}");
  });

  test("takes the committed file's encryption where it has one, since its secrets need it", async () => {
    fs.writeFileSync(own, yaml.stringify({ encryptionsalt: "v1:own" }));
    const content = { encryptionsalt: "v1:committed", config: {} };
    expect(await prepared(content)).toEqual(content);
  });

  test("is that of another stack where the backend does not know this one, which is made anew", async () => {
    fs.writeFileSync(own, yaml.stringify({ encryptionsalt: "v1:of another backend" }));
    fs.renameSync(path.join(stacks, "dev.json"), path.join(stacks, "gone"));
    const capture = jest.spyOn(workspace, "capture").mockResolvedValue("");
    try {
      expect(await prepared({ config: {} })).toEqual({ config: {} });
      expect(capture.mock.calls.map(([args]) => args)).toEqual([["stack", "select", "--create", "--stack", "dev"]]);
    } finally {
      capture.mockRestore();
      fs.renameSync(path.join(stacks, "gone"), path.join(stacks, "dev.json"));
    }
  });

  test("is the command's alone: what another one is given meanwhile is in another file", async () => {
    const beside = await prepareConfigFile(workspace, "ralex", "dev", { config: { "ralex:apiReplicas": 2 } });
    const script = `
      const { prepareConfigFile } = require(${JSON.stringify(path.resolve("cli/stack-config.ts"))});
      const { Workspace } = require(${JSON.stringify(path.resolve("cli/workspace.ts"))});
      const workspace = new Workspace(${JSON.stringify(checkout)}, { env: {}, standIns: [] });
      prepareConfigFile(workspace, "ralex", "dev", { config: { "ralex:apiReplicas": 3 } }).then(console.log);`;
    const { stdout: other } = await execa(process.execPath, [
      "--require",
      path.resolve("toolchain/typescript.js"),
      "--eval",
      script,
    ]);
    expect(path.dirname(path.dirname(other))).toBe(workspace.path("run"));
    expect(other).not.toBe(beside);
    expect(yaml.parse(fs.readFileSync(beside, "utf8"))).toMatchObject({ config: { "ralex:apiReplicas": 2 } });
    // The other command has ended.
    expect(fs.existsSync(other)).toBe(false);
  });

  test("of a command that was killed a day ago is removed, and a younger one is left", async () => {
    const [old, young] = ["command-old", "command-young"].map((name) => workspace.path("run", name));
    for (const folder of [old, young]) fs.mkdirSync(folder ?? "", { recursive: true });
    const before = Date.now() / 1000 - 25 * 3600;
    fs.utimesSync(old ?? "", before, before);
    // As a new process has it.
    jest.resetModules();
    const fresh = await import("../../../cli/stack-config");
    await fresh.prepareConfigFile(workspace, "ralex", "dev", { config: {} });
    expect([old, young].map((folder) => fs.existsSync(folder ?? ""))).toEqual([false, true]);
  });

  test("is readable for its user only", async () => {
    const file = await prepareConfigFile(workspace, "ralex", "dev", { config: { a: 1 } });
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  });

  test("of a stack that nobody described is an error that lists those that are", () => {
    fs.writeFileSync(path.join(checkout, "Pulumi.dev.yaml"), "config: {}\n");
    expect(() => committedFile(checkout, "prdo")).toThrow("there is no Pulumi.prdo.yaml: choose from dev");
  });

  test("gives the settings as written, without other projects' keys and without encrypted values", () => {
    const config = { "ralex:apiReplicas": 2, "ralex:upstreamApiKey": { secure: "v1:x" }, "aws:region": "eu-west-1" };
    expect(writtenSettings({ config })).toEqual({ apiReplicas: 2 });
    expect(sealedSettings({ config })).toEqual(new Set(["upstreamApiKey"]));
  });
});

describe("a stack's committed file that is wrong", () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-committed-"));
  afterAll(() => fs.rmSync(checkout, { recursive: true }));
  const file = path.join(checkout, "Pulumi.dev.yaml");
  const problemOf = (content: string | Buffer): string => {
    fs.writeFileSync(file, content);
    try {
      committedFile(checkout, "dev");
      return "";
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      return (error as Error).message;
    }
  };

  test.each([
    ["a bad indentation", "config:\n  a: 1\n b: c4n4ry\n", /is not YAML:\n {2}line 3: /],
    ["a key twice", "config:\n  a: c4n4ry\n  a: 2\n", /is not YAML:\n {2}line 3: Map keys must be unique/],
    ["an unclosed quote", 'config:\n  a: "c4n4ry\n', /is not YAML:\n {2}line \d: /],
    ["a tab", "config:\n\ta: c4n4ry\n", /is not YAML:\n {2}line \d: /],
    ["a text", "c4n4ry", /is no configuration of a stack: must be keys with values/],
    ["a list under config", "config:\n  - c4n4ry\n", /is no configuration of a stack: config: /],
    ["other bytes than UTF-8", Buffer.from("config:\n  a: c4n4ry\xfc\n", "latin1"), /cannot be read: it is not UTF-8/],
  ])("by %s is refused by its name and line, and nothing of it is repeated", (_, content, reason) => {
    const problem = problemOf(content);
    expect(problem).toMatch(reason);
    expect(problem.startsWith(`${file} `)).toBe(true);
    expect(problem).not.toContain("c4n4ry");
  });

  test("or empty, or without anything under config, is a file without settings", () => {
    expect(["", "# nothing\n", "config:\n"].map(problemOf)).toEqual(["", "", ""]);
    expect(committedFile(checkout, "dev")).toEqual({});
  });
});
