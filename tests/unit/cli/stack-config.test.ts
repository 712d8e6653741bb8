import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { committedFile, prepareConfigFile, writtenSettings } from "../../../cli/stack-config";
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

  test("is written whatever another command is writing beside it", async () => {
    fs.mkdirSync(`${own}.new`);
    expect(await prepared({ config: { b: 2 } })).toMatchObject({ config: { b: 2 } });
    fs.rmdirSync(`${own}.new`);
    expect(fs.readdirSync(path.dirname(own)).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  test("is readable for its user only", async () => {
    await prepared({ config: { a: 1 } });
    expect(fs.statSync(own).mode & 0o777).toBe(0o600);
  });

  test("of a stack that nobody described is an error that lists those that are", () => {
    fs.writeFileSync(path.join(checkout, "Pulumi.dev.yaml"), "config: {}\n");
    expect(() => committedFile(checkout, "prdo")).toThrow("there is no Pulumi.prdo.yaml: choose from dev");
  });

  test("gives the settings as written, without other projects' keys and without encrypted values", () => {
    const config = { "ralex:apiReplicas": 2, "ralex:upstreamApiKey": { secure: "v1:x" }, "aws:region": "eu-west-1" };
    expect(writtenSettings({ config })).toEqual({ apiReplicas: 2 });
  });
});
