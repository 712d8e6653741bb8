/**
 * Values as the engine puts them on the wire: JSON with marks for secrets and for what is not known yet.
 * The names and values of the marks are the engine's protocol (sdk/go/common/resource/sig).
 */

export type Value = null | boolean | number | string | readonly Value[] | Values;
export interface Values {
  readonly [key: string]: Value;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What stands for a value that a preview cannot know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Where a value sits: keys and list positions from the outside in. */
export type Path = readonly (string | number)[];

/** Values without marks, and where the marks were. */
export interface Opened {
  readonly values: Values;
  readonly secrets: readonly Path[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isValues = (value: Value | undefined): value is Values => isRecord(value);

/** True where the value, or anything inside it, is only known after an update. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isRecord(value) && Object.values(value as Values).some(hasUnknown);
}

/** Takes the secret marks off. Assets and archives stay as they are: they carry another signature. */
export function open(wire: unknown): Opened {
  const secrets: Path[] = [];
  const visit = (value: unknown, path: Path): Value => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (!isRecord(value)) return (value ?? null) as Value;
    if (value[SIGNATURE] === SECRET) {
      secrets.push(path);
      return visit(value.value, path);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };
  const values = visit(wire ?? {}, []);
  return { values: isValues(values) ? values : {}, secrets };
}

const seal = (value: Value): Value => ({ [SIGNATURE]: SECRET, value });

const isSealed = (value: Value | undefined): boolean => isValues(value) && value[SIGNATURE] === SECRET;

/**
 * Puts secret marks on. A path that leads nowhere any more (a shorter list, another shape) marks the nearest value that
 * is left around it, so that a secret never loses its mark.
 */
export function close(values: Values, secrets: readonly Path[]): Values {
  const mark = (value: Value, path: Path): Value => {
    const [key, ...rest] = path;
    if (isSealed(value)) return value;
    if (key === undefined) return seal(value);
    if (Array.isArray(value) && typeof key === "number" && key < value.length) {
      return value.map((item: Value, index) => (index === key ? mark(item, rest) : item));
    }
    if (isValues(value) && value[key] !== undefined) return { ...value, [key]: mark(value[key], rest) };
    return seal(value);
  };
  let result: Values = values;
  for (const path of secrets) {
    const [key, ...rest] = path;
    if (typeof key !== "string") continue;
    const value = result[key];
    if (value !== undefined && value !== null) result = { ...result, [key]: mark(value, rest) };
  }
  return result;
}

/** True for an asset or an archive, which carry a signature of their own. */
export const isAsset = (value: Value | undefined): boolean =>
  isValues(value) && typeof value[SIGNATURE] === "string" && value[SIGNATURE] !== SECRET;
