/** What the official SDK declares, read from its type declarations by generate-tables.ts. */
import { pathText } from "./diff";
import { isAsset, isValues, UNKNOWN, type Path, type Value, type Values } from "./wire";

export type Type =
  | "string"
  | "number"
  | "boolean"
  | "any"
  | { readonly list: Type }
  | { readonly map: Type }
  | { readonly object: string }
  | { readonly oneOf: readonly string[] };

export interface Property {
  readonly type: Type;
  readonly required?: true;
}

export type Shape = Readonly<Record<string, Property>>;

export interface ResourceTable {
  readonly inputs: Shape;
  /** Names of all outputs. */
  readonly outputs: readonly string[];
}

export interface PackageTable {
  readonly package: string;
  readonly version: string;
  /** Inputs of the provider itself. */
  readonly config: Shape;
  /** Types that inputs refer to. */
  readonly objects: Readonly<Record<string, Shape>>;
  /** By type token, as `docker:index/container:Container`. */
  readonly resources: Readonly<Record<string, ResourceTable>>;
}

/** What is implemented: a name for a whole input, or a name with the names inside it. */
export type Accepts = readonly (string | Readonly<Record<string, Accepts>>)[];

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

const acceptsOf = (accepts: Accepts, name: string): Accepts | true | undefined => {
  for (const entry of accepts) {
    if (entry === name) return true;
    if (typeof entry === "object" && entry[name] !== undefined) return entry[name];
  }
  return undefined;
};

const describe = (type: Type): string => {
  if (typeof type === "string") return type === "any" ? "anything" : `a ${type}`;
  if ("list" in type) return "a list";
  if ("oneOf" in type) return `one of ${type.oneOf.join(", ")}`;
  return "an object";
};

/** Checks inputs against the official declarations and against what the stand-in implements. */
export class Checker {
  constructor(
    private readonly table: PackageTable,
    /** How messages call the resource: `docker Container`. */
    private readonly subject: string,
  ) {}

  check(values: Values, shape: Shape, accepts: Accepts): Failure[] {
    return this.shape(values, shape, accepts, []);
  }

  private shape(values: Values, shape: Shape, accepts: Accepts | true, path: Path): Failure[] {
    const failures: Failure[] = [];
    const fail = (name: string, reason: string) => failures.push({ property: pathText([...path, name]), reason });
    for (const [name, value] of Object.entries(values)) {
      if (name.startsWith("__") || value === null) continue;
      const property = shape[name];
      if (property === undefined) {
        fail(name, `${this.subject} has no input of this name; it has ${Object.keys(shape).join(", ")}`);
        continue;
      }
      const inside = accepts === true ? true : acceptsOf(accepts, name);
      if (inside === undefined) {
        fail(
          name,
          `the stand-in for the official plugin does not implement this input of ${this.subject}; ` +
            "leave it out, or run on a machine that has the official plugin",
        );
        continue;
      }
      failures.push(...this.type(value, property.type, inside, [...path, name]));
    }
    for (const [name, property] of Object.entries(shape)) {
      if (property.required && (values[name] ?? null) === null) fail(name, `${this.subject} needs this input`);
    }
    return failures;
  }

  private type(value: Value, type: Type, accepts: Accepts | true, path: Path): Failure[] {
    if (value === UNKNOWN || type === "any") return [];
    const wrong = [{ property: pathText(path), reason: `must be ${describe(type)}` }];
    if (isAsset(value)) return wrong;
    if (typeof type === "string") return typeof value === type ? [] : wrong;
    if ("oneOf" in type) return typeof value === "string" && type.oneOf.includes(value) ? [] : wrong;
    if ("list" in type) {
      if (!Array.isArray(value)) return wrong;
      return value.flatMap((item: Value, index) => this.type(item, type.list, accepts, [...path, index]));
    }
    if (!isValues(value)) return wrong;
    if ("map" in type) {
      return Object.entries(value).flatMap(([key, item]) => this.type(item, type.map, accepts, [...path, key]));
    }
    return this.shape(value, this.table.objects[type.object] ?? {}, accepts, path);
  }
}
