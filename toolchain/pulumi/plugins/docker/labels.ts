import { sameSet } from "../support/diff";
import { objects } from "../support/inputs";
import type { Value, Values } from "../support/wire";

/** Labels are a list of `{label, value}` in the SDK and a map in the engine. */
export const labels = (values: Values): Record<string, string> =>
  Object.fromEntries(objects(values, "labels").map((item) => [String(item.label), String(item.value)]));

/** Source: helpers.go, mapToLabelSet; in the order of before where nothing else changed. */
export function labelSet(found: Readonly<Record<string, string>> | null | undefined, before: Value | undefined): Value {
  const list = Object.entries(found ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
  return sameSet(list, before) ? (before ?? []) : list;
}

/** Names of the labels by which an object of this product is known again. */
const OWNER_LABELS = ["ralex.deployment"] as const;

/** True where both carry the owner labels and carry the same. */
export const sameOwner = (ours: Readonly<Record<string, string>>, theirs: Readonly<Record<string, string>>): boolean =>
  OWNER_LABELS.every((label) => ours[label] !== undefined && ours[label] === theirs[label]);
