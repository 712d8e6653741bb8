/** What the official SDKs call the types and properties that rules judge; written by generate.ts, read by tests alone. */

/**
 * The kind of a property's value: `string`, `number`, `boolean`, `any`, or the name of an object of the same table, each
 * with `[]` behind it for a list and `{}` for a map.
 */
export type Kind = string;

export type Shape = Readonly<Record<string, Kind>>;

export interface Table {
  readonly package: string;
  /** The version of the SDK whose declarations were read. */
  readonly version: string;
  /** Inputs and outputs by type token, as `aws:lb/loadBalancer:LoadBalancer`. */
  readonly types: Readonly<Record<string, Shape>>;
  /** Objects that inputs are made of, by the SDK's own qualified name. */
  readonly objects: Readonly<Record<string, Shape>>;
}

/** Whether a type has a property; segments are names, and `[]` or a number for what is in a list. A map has every name. */
export function declares(table: Table, token: string, segments: readonly string[]): boolean {
  let here: Shape | undefined = table.types[token];
  let kind: Kind | undefined;
  for (const segment of segments) {
    if (kind === "any") return true;
    if (kind?.endsWith("[]") === true && /^(\[\]|\d+)$/.test(segment)) kind = kind.slice(0, -2);
    else if (kind?.endsWith("{}") === true) kind = kind.slice(0, -2);
    else {
      kind = here !== undefined && Object.hasOwn(here, segment) ? here[segment] : undefined;
      if (kind === undefined) return false;
    }
    here = table.objects[kind];
  }
  return here !== undefined || kind !== undefined;
}
