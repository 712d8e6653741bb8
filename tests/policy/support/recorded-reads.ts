/** What rules read of a resource: the paths that they ask for, whether there is something or not. */
import { propertiesOf, type Resource } from "../../../policy/rule";

/** A path as its segments; a place in a list is `[]`. */
export type ReadPath = readonly string[];

/** @param recordJson - names of properties whose text is a JSON document, of which is recorded what is read as well. */
export function recordingReads(
  resource: Resource,
  record: (path: ReadPath) => void,
  recordJson: readonly string[] = [],
): Resource {
  const parsed = recordJson.map((name) => [name, propertiesOf(resource).get(name).json().raw] as const);
  const properties = { ...resource.properties, ...Object.fromEntries(parsed) };
  return { ...resource, properties: recording(properties, [], record) };
}

function recording<T>(value: T, path: ReadPath, record: (path: ReadPath) => void): T {
  if (typeof value !== "object" || value === null) return value;
  const below = (key: string): ReadPath => [...path, Array.isArray(value) ? "[]" : key];
  // Whoever asks whether a key is there is told by its descriptor; a key that is missing is asked for all the same.
  const asked = (key: string | symbol): void => {
    if (typeof key === "string" && !(Array.isArray(value) && !/^\d+$/.test(key))) record(below(key));
  };
  return new Proxy(value, {
    get: (target, key, receiver) => {
      const item: unknown = Reflect.get(target, key, receiver);
      return typeof key === "string" && Object.hasOwn(target, key) ? recording(item, below(key), record) : item;
    },
    getOwnPropertyDescriptor: (target, key) => {
      asked(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}
