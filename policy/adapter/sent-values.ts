/** Properties that go back to the engine: what a remediation may change, with what has to return as what it was. */
import { Secret } from "@pulumi/policy";

type Path = readonly string[];

/** Properties without the SDK's proxies. Unknown values are as the engine sent them, which is how it reads them again. */
export interface Opened {
  readonly properties: Readonly<Record<string, unknown>>;
  /** Where the secrets are whose values are open in the properties; those inside others first. */
  readonly secrets: readonly Path[];
}

export function opened(props: unknown): Opened {
  const secrets: Path[] = [];
  const copy = (value: unknown, path: Path): unknown => {
    if (value instanceof Secret) {
      const open = copy(value.value, path);
      secrets.push(path);
      return open;
    }
    if (typeof value !== "object" || value === null) return value;
    // A property's descriptor is told without a word, where reading an unknown one ends the policy.
    const own = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(([, { enumerable }]) => enumerable);
    const copied = own.map(([key, { value: child }]) => [key, copy(child, [...path, key])] as const);
    if (Array.isArray(value)) return copied.map(([, child]) => child);
    // An asset, for instance: nothing of it is a remediation's.
    return Object.getPrototypeOf(value) === Object.prototype ? Object.fromEntries(copied) : value;
  };
  return { properties: copy(props, []) as Opened["properties"], secrets };
}

/** The properties with their secrets as such; what is no longer there needs to be none. */
export const sealed = (properties: Opened["properties"], secrets: readonly Path[]): Record<string, unknown> =>
  secrets.reduce<unknown>(sealedAt, properties) as Record<string, unknown>;

function sealedAt(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) return new Secret(value);
  if (value instanceof Secret) return new Secret(sealedAt(value.value, [key, ...rest]));
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? sealedAt(item, rest) : item));
  if (typeof value !== "object" || value === null || !(key in value)) return value;
  return { ...value, [key]: sealedAt((value as Record<string, unknown>)[key], rest) };
}
