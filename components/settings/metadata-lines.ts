/** Labels and annotations of objects of Kubernetes as settings: lines of `key: value`. */
import { z } from "zod";

/** An optional prefix, which is a DNS name, and a name of at most 63 characters. */
const KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Of a label; an annotation may have any. */
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const ANY_VALUE = /./;

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** Key and value of a line; undefined where it is none. */
function pairOf(line: string, values: RegExp): readonly [string, string] | undefined {
  const colon = line.indexOf(": ");
  if (colon < 0) return undefined;
  const [key, value] = [line.slice(0, colon), line.slice(colon + 2).trim()];
  return KEY.test(key) && values.test(value) ? [key, value] : undefined;
}

/** The labels or annotations of a setting that is valid, sorted by their keys. */
export const pairsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    linesOf(text)
      .flatMap((line) => [pairOf(line, ANY_VALUE) ?? []])
      .filter((entry): entry is readonly [string, string] => entry.length === 2)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const pairs = (values: RegExp, form: string) =>
  z.string().superRefine((text, context) => {
    const lines = linesOf(text);
    const wrong = lines.flatMap((line, index) => (pairOf(line, values) === undefined ? [index + 1] : []));
    if (wrong.length > 0) {
      const message = `line ${wrong.join(", ")}: must read ${form}, with a blank behind the colon and no quotes`;
      context.addIssue({ code: "custom", message });
    }
    const keys = lines.flatMap((line) => pairOf(line, values)?.[0] ?? []);
    const twice = [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))];
    if (twice.length > 0) context.addIssue({ code: "custom", message: `${twice.join(", ")}: is there twice` });
  });

export const annotations = pairs(ANY_VALUE, "<prefix>/<name>: <value>");

export const labels = pairs(LABEL_VALUE, "<name>: <value of letters, digits, - _ and .>");
