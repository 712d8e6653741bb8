/** JSON schemas of Kubernetes' objects, from the description of its API in its own Go module: no API server is asked. */
import * as fs from "node:fs";
import * as path from "node:path";
import { GO_MODULES, goModuleSource } from "../../toolchain/go-tools";

/** Where kubeconform finds a kind, below the folder of the schemas. */
export const SCHEMA_FILES = "{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json";

type Schema = Readonly<Record<string, unknown>>;
interface Definition extends Schema {
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

/** Writes a schema for each version of the kinds. */
export async function writeKubernetesSchemas(folder: string, kinds: ReadonlySet<string>): Promise<void> {
  const { definitions } = JSON.parse(fs.readFileSync(await apiDescription(), "utf8")) as {
    definitions: Readonly<Record<string, Definition>>;
  };
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? []) {
      if (!kinds.has(kind)) continue;
      const needed = Object.fromEntries(
        [...closure(name, definitions)].map((one) => [one, strict(definitions[one] ?? {})]),
      );
      const schema = { $ref: `#/definitions/${name}`, definitions: needed };
      // kubeconform has the version for the name of the first group, which has none.
      const file = `${group === "" ? version : group}_${version}_${kind.toLowerCase()}.json`;
      fs.writeFileSync(path.join(folder, file), JSON.stringify(schema));
    }
  }
}

async function apiDescription(): Promise<string> {
  const module = `k8s.io/kubernetes@v${GO_MODULES.kubernetes.version}`;
  return path.join(await goModuleSource("kubernetes", module), "api/openapi-spec/swagger.json");
}

const REFERENCE = "#/definitions/";

/** A definition with all that it refers to. */
function closure(name: string, definitions: Readonly<Record<string, Definition>>): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (one: string): void => {
    if (found.has(one)) return;
    found.add(one);
    const references = JSON.stringify(definitions[one]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g);
    for (const [, other = ""] of references) visit(other);
  };
  visit(name);
  return found;
}

/** Of a definition: no field that it does not name, and numbers where either a number or a text may be. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const schema = value as Schema;
  if (schema.format === "int-or-string") return { oneOf: [{ type: "string" }, { type: "integer" }] };
  if (typeof schema.$ref === "string") return { $ref: schema.$ref.startsWith(REFERENCE) ? schema.$ref : "" };
  const parts = Object.entries(schema)
    // Formats of OpenAPI's own are none of JSON Schema's.
    .filter(([key]) => !key.startsWith("x-kubernetes") && key !== "format")
    .map(([key, part]): [string, unknown] => [key, strict(part)]);
  const closed =
    typeof schema.properties === "object" && schema.type === "object" && !("additionalProperties" in schema);
  return Object.fromEntries([...parts, ...(closed ? [["additionalProperties", false] as [string, unknown]] : [])]);
}
