import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { loadSettings } from "../../../components/settings/load";
import { projectConfig } from "../../../components/settings/project-config";

const CHECKOUT = path.resolve(__dirname, "../../..");
const read = (name: string) =>
  yaml.parse(fs.readFileSync(path.join(CHECKOUT, name), "utf8")) as Record<string, unknown>;

describe("Pulumi's files", () => {
  test("declare every setting with its type, default and description, and nothing else", () => {
    expect(read("Pulumi.yaml").config).toEqual(projectConfig());
  });

  test("declare defaults that load as no configuration at all does", () => {
    const stack = Object.fromEntries(Object.entries(projectConfig()).map(([key, { default: value }]) => [key, value]));
    const none = { environment: {}, dotenv: {} };
    expect(loadSettings({ ...none, stack })).toEqual(loadSettings({ ...none, stack: {} }));
  });

  test.each([
    ["dev", "docker"],
    ["staging", "kubernetes"],
    ["prod", "kubernetes"],
  ])("hold a sample for %s that loads, on target %s", (name, target) => {
    const config = read(`Pulumi.${name}.yaml`).config as Record<string, unknown>;
    const stack = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("ralex:", ""), value]));
    expect(loadSettings({ environment: {}, dotenv: {}, stack }).target).toBe(target);
  });
});
