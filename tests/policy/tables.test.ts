/** A type or a property that a new version of an SDK renames fails here; without this, the rules that read it would be silent. */
import * as fs from "node:fs";
import * as path from "node:path";
import { canonicalType, judge, type Context, type Resource } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { installedFolder, readTable, tableFile } from "../../policy/tables/generate";
import { EMBEDDED, judgedTokens, PACKAGES, UNDECLARED } from "../../policy/tables/judged";
import { declares, type Table } from "../../policy/tables/table";
import { CASES } from "./cases";
import { recordingReads } from "./support/recorded-reads";
import { contextWith } from "./support/rule-cases";

const table = (name: string): Table => JSON.parse(fs.readFileSync(tableFile(name), "utf8")) as Table;
const TABLES = Object.fromEntries(Object.keys(PACKAGES).map((name) => [name, table(name)]));

const manifest = (file: string): { devDependencies: Record<string, string> } =>
  JSON.parse(fs.readFileSync(path.resolve(__dirname, "../..", file), "utf8")) as {
    devDependencies: Record<string, string>;
  };

describe.each(Object.entries(PACKAGES))("the table of %s", (name, place) => {
  const folder = installedFolder(name);

  test("has every type that a rule judges, and no other", () => {
    expect(Object.keys(TABLES[name]?.types ?? {})).toEqual(judgedTokens(name, RULES));
  });

  if (folder !== undefined) {
    test("is the one that the installed SDK gives", () => {
      expect(TABLES[name]).toEqual(readTable(name, folder));
    });
  } else {
    test("is of the version that policy/tools/package.json names, whose SDK is not installed here", () => {
      expect(place).toBe("policy/tools");
      expect(TABLES[name]?.version).toBe(manifest("policy/tools/package.json").devDependencies[`@pulumi/${name}`]);
    });
  }
});

test("every type that a rule judges is one of an SDK's table, of a Compose file, or said to be of an older SDK", () => {
  const known = ["compose", ...Object.keys(PACKAGES)];
  const tokens = RULES.flatMap(({ types }) => types);
  expect(tokens.filter((token) => !known.includes(token.split(":")[0] ?? ""))).toEqual([]);
  expect(Object.keys(UNDECLARED).filter((token) => !tokens.includes(token))).toEqual([]);
});

test("the SDKs of the clouds are in policy/tools alone, exact, and nothing there is needed to run", () => {
  const versions = manifest("policy/tools/package.json");
  const sdks = Object.keys(versions.devDependencies).filter((name) => name.startsWith("@pulumi/"));
  expect(sdks.sort()).toEqual(["@pulumi/aws", "@pulumi/azure-native", "@pulumi/gcp"]);
  for (const version of Object.values(versions.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(versions).not.toHaveProperty("dependencies");
  const root = manifest("package.json") as { dependencies?: object; devDependencies?: object };
  const names = Object.keys({ ...root.dependencies, ...root.devDependencies });
  expect(names.filter((name) => name in versions.devDependencies)).toEqual([]);
});

/** What a rule asks for, in all its cases, that its SDK does not declare. */
function undeclaredReads(index: number): readonly string[] {
  const cases = CASES[index];
  if (cases === undefined) return [];
  const undeclared = new Set<string>();
  const recorded = (resource: Resource): Resource => {
    const token = canonicalType(resource.type);
    const sdk = TABLES[token.split(":")[0] ?? ""];
    if (sdk === undefined || !cases.rule.types.includes(token) || Object.hasOwn(UNDECLARED, token)) return resource;
    return recordingReads(
      resource,
      (read) => {
        if (!declares(sdk, token, read)) undeclared.add(`${token} ${read.join(".")}`);
      },
      Object.keys(EMBEDDED[token] ?? {}),
    );
  };
  const { baseline, violations, allowed = [], unknown, embedded, context } = cases;
  const changes = [...violations, ...allowed, unknown, ...("none" in embedded ? [] : embedded)];
  for (const resources of [baseline, ...changes.map(({ change }) => change(baseline))]) {
    judge(cases.rule, resources.map(recorded), contextWith(context as Partial<Context>));
  }
  return [...undeclared].sort();
}

test.each(CASES.map(({ rule }, index) => [rule.id, index] as const))("%s reads what the SDKs declare", (_, index) => {
  expect(undeclaredReads(index)).toEqual([]);
});

test("a rule that reads what no SDK declares is found", () => {
  const sdk = TABLES.kubernetes as Table;
  const token = "kubernetes:apps/v1:Deployment";
  expect(declares(sdk, token, ["spec", "template", "spec", "containers", "[]", "image"])).toBe(true);
  expect(declares(sdk, token, ["spec", "template", "metadata", "labels", "app"])).toBe(true);
  expect(declares(sdk, token, ["spec", "template", "spec", "containers", "[]", "imageName"])).toBe(false);
  expect(declares(sdk, token, ["spec", "template", "spec", "containers", "image"])).toBe(false);
  expect(declares(sdk, token, ["metadata", "name", "length"])).toBe(false);
  expect(declares(sdk, "kubernetes:apps/v1:Deploy", [])).toBe(false);
});
