import { hasUnknown, isValues, type Path, type Value, type Values } from "./wire";

/** How one property differs; the names are the engine's. */
export type Change = "ADD" | "DELETE" | "UPDATE";

export interface Difference {
  readonly path: Path;
  readonly change: Change;
}

/** The same text for equal values, whatever the order of their keys. */
export function canonical(value: Value | undefined): string {
  return JSON.stringify(value ?? null, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

const isAbsent = (value: Value | undefined): boolean => value === undefined || value === null;

/** Nothing, or what Terraform takes for nothing: its types' zero values, and what holds nothing else. */
export const isBlank = (value: Value | undefined): boolean =>
  isAbsent(value) ||
  value === "" ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isValues(value) && !Array.isArray(value) && Object.values(value).every(isBlank));

/** Without what is blank inside, at any depth. */
function withoutBlanks(value: Value | undefined): Value | undefined {
  if (Array.isArray(value)) return value.map((item: Value) => withoutBlanks(item) ?? null);
  if (!isValues(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => !isBlank(item));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutBlanks(item) ?? null]));
}

/** A list whose order means nothing, in one order. */
const sorted = (value: Value | undefined): Value | undefined =>
  Array.isArray(value) ? [...value].sort((a: Value, b: Value) => (canonical(a) < canonical(b) ? -1 : 1)) : value;

/**
 * Finds what differs, as deep as both sides have the same shape.
 * @param sets names of top-level lists whose order means nothing, and whose lists inside mean nothing by order either.
 * @param nothing what counts as nothing on both sides; absent and null when left out.
 */
export function differences(
  before: Values,
  after: Values,
  sets: ReadonlySet<string> = new Set(),
  nothing: typeof isBlank = isAbsent,
): Difference[] {
  const found: Difference[] = [];
  const visit = (old: Value | undefined, now: Value | undefined, path: Path): void => {
    if (hasUnknown(now) && !isValues(now) && !Array.isArray(now)) found.push({ path, change: "UPDATE" });
    else if (nothing(old) && nothing(now)) return;
    else if (isAbsent(old)) found.push({ path, change: "ADD" });
    else if (isAbsent(now)) found.push({ path, change: "DELETE" });
    else if (Array.isArray(old) && Array.isArray(now)) {
      for (let index = 0; index < Math.max(old.length, now.length); index++) {
        visit(old[index] as Value | undefined, now[index] as Value | undefined, [...path, index]);
      }
    } else if (isValues(old) && isValues(now)) {
      for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) visit(old[key], now[key], [...path, key]);
    } else if (old !== now) found.push({ path, change: "UPDATE" });
  };
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (key.startsWith("__")) continue;
    const plain = nothing === isBlank ? withoutBlanks : (value: Value | undefined) => value;
    const inOrder = sets.has(key) ? sortedDeep : (value: Value | undefined) => value;
    visit(inOrder(plain(before[key])), inOrder(plain(after[key])), [key]);
  }
  return found;
}

function sortedDeep(value: Value | undefined): Value | undefined {
  if (Array.isArray(value)) return sorted(value.map((item: Value) => sortedDeep(item) ?? null));
  if (!isValues(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sortedDeep(item) ?? null]));
}

/** True where both say the same, absent and null being one. */
export const same = (a: Value | undefined, b: Value | undefined): boolean => canonical(a) === canonical(b);

/** True where both lists hold the same, whatever their order and that of the lists inside them. */
export const sameSet = (a: Value | undefined, b: Value | undefined): boolean =>
  same(sortedDeep(withoutBlanks(a ?? [])), sortedDeep(withoutBlanks(b ?? [])));

/** As the engine writes a path: `ports[0].external`. */
export const pathText = (path: Path): string =>
  path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
