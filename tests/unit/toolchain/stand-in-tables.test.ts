/** The stand-ins' tables say what the installed SDKs say, and nothing is implemented that no SDK has. */
import * as fs from "node:fs";
import * as path from "node:path";
import { readPackage, SERVED, TABLES } from "../../../toolchain/pulumi/plugins/generate-tables";
import { plugin as docker } from "../../../toolchain/pulumi/plugins/docker/plugin";
import { plugin as dockerBuild } from "../../../toolchain/pulumi/plugins/docker-build/plugin";
import { plugin as random } from "../../../toolchain/pulumi/plugins/random/plugin";
import { plugin as tls } from "../../../toolchain/pulumi/plugins/tls/plugin";
import type { Accepts, PackageTable, Shape, Type } from "../../../toolchain/pulumi/plugins/support/tables";

const PLUGINS = { docker, "docker-build": dockerBuild, random, tls };

test.each(Object.keys(SERVED))("the table of %s is the one that the installed SDK gives", (name) => {
  const committed = JSON.parse(fs.readFileSync(path.join(TABLES, `${name}.json`), "utf8")) as PackageTable;
  expect(committed).toEqual(readPackage(name));
});

const inside = (type: Type, table: PackageTable): Shape => {
  if (typeof type === "string") return {};
  if ("list" in type) return inside(type.list, table);
  if ("map" in type) return inside(type.map, table);
  return "object" in type ? (table.objects[type.object] ?? {}) : {};
};

/** Names that are accepted and that the SDK does not declare. */
function undeclared(accepts: Accepts, shape: Shape, table: PackageTable, at = ""): string[] {
  return accepts.flatMap((entry) => {
    const names = typeof entry === "string" ? { [entry]: [] } : entry;
    return Object.entries(names).flatMap(([name, deeper]) => {
      const property = shape[name];
      if (property === undefined) return [`${at}${name}`];
      return undeclared(deeper, inside(property.type, table), table, `${at}${name}.`);
    });
  });
}

describe.each(Object.entries(PLUGINS))("the stand-in for %s", (_, { table, resources }) => {
  test.each(Object.entries(resources))("implements in %s only what the SDK declares", (token, kind) => {
    const declared = table.resources[token];
    expect(declared).toBeDefined();
    if (declared === undefined) return;
    expect(undeclared(kind.accepts, declared.inputs, table)).toEqual([]);
    const inputs = Object.keys(declared.inputs);
    const names = [...(kind.updates === "all" ? [] : kind.updates), ...(kind.sets ?? [])];
    expect(names.filter((name) => !inputs.includes(name))).toEqual([]);
    const outputs = [...(kind.secretOutputs ?? []), ...(kind.taintedOutputs ?? []), ...(kind.volatileOutputs ?? [])];
    expect(outputs.filter((name) => !declared.outputs.includes(name))).toEqual([]);
  });
});
