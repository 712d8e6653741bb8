import type { Values } from "../support/wire";
import { objects } from "../support/inputs";

/** Labels are a list of `{label, value}` in the SDK and a map in the engine. */
export const labels = (values: Values): Record<string, string> =>
  Object.fromEntries(objects(values, "labels").map((item) => [String(item.label), String(item.value)]));

export const labelList = (found: Readonly<Record<string, string>>): Values[] =>
  Object.entries(found)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));

/** Names of the labels by which an object of this product is known again. */
const OWNER_LABELS = ["ralex.deployment"] as const;

/** True where both carry the owner labels and carry the same. */
export const sameOwner = (ours: Readonly<Record<string, string>>, theirs: Readonly<Record<string, string>>): boolean =>
  OWNER_LABELS.every((label) => ours[label] !== undefined && ours[label] === theirs[label]);

/** What a refresh puts into the inputs: the labels as they are where they differ, else as they were written. */
export function labelDrift(inputs: Values, found: Readonly<Record<string, string>>): Values {
  const wanted = labels(inputs);
  const isSame = Object.entries(wanted).every(([name, value]) => found[name] === value);
  return isSame && Object.keys(found).length === Object.keys(wanted).length
    ? inputs
    : { ...inputs, labels: labelList(found) };
}
