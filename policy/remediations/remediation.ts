/** What mends a resource before it is judged: a default that is safe for everybody, put where nothing is said. */
import { isObject } from "../value";

type Properties = Readonly<Record<string, unknown>>;

export interface Remediation {
  /** As a rule's: `<kind>-<resource>-<verb>-<what>`, also its file's name. */
  readonly name: string;
  readonly title: string;
  /** The rule that it keeps. */
  readonly rule: string;
  /** Canonical type tokens. */
  readonly types: readonly string[];
  /** The mended properties; undefined where nothing was missing, or where it cannot be told. */
  readonly apply: (type: string, properties: Properties) => Properties | undefined;
}

/**
 * Changes what is at a path.
 * @returns undefined where the path does not lead to an object, an unknown value among others, or nothing was changed.
 */
export function changedAt(
  properties: Properties,
  path: readonly string[],
  change: (found: Properties) => Properties | undefined,
): Properties | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return change(properties);
  const found = properties[key];
  if (!isObject(found)) return undefined;
  const changed = changedAt(found, rest, change);
  return changed === undefined ? undefined : { ...properties, [key]: changed };
}

/** What is said of a key already, be it unknown, is never changed. */
export const isUnset = (properties: Properties, key: string): boolean =>
  properties[key] === undefined || properties[key] === null;
