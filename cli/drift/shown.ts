/** Values as people are shown them; `--json` has them whole. */
import { isDeepStrictEqual } from "node:util";

/** Characters of a value that people are shown. */
const LONGEST = 160;
/** Characters in front of the first one that differs, where the start of two long values is left out. */
const LEAD = 20;

/** A value in one line. */
export function shown(value: unknown): string {
  const text = textOf(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}

/**
 * Two values that differ, each in one line, so that the lines differ too: in what is written, in its type, or in the part
 * that a cut would have left out. A difference that the provider tells of and that is in no value is told in words.
 */
export function shownPair(expected: unknown, actual: unknown): readonly [expected: string, actual: string] {
  if (isDeepStrictEqual(expected, actual)) {
    return [shown(expected), `${shown(actual)} (the same; the provider does not say what differs)`];
  }
  const [one, other] = [textOf(expected), textOf(actual)];
  if (one === other) return [`${shown(expected)} (${typeOf(expected)})`, `${shown(actual)} (${typeOf(actual)})`];
  return visible(one) === visible(other) ? cut(escaped(one), escaped(other)) : cut(one, other);
}

function textOf(value: unknown): string {
  if (value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** As a table shows it: white space is wrapped away, and letters are told by their looks. */
const visible = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();

/** Quoted, with everything that could be taken for something else as its number. */
const escaped = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Both from the start where the difference is there, and else from a little before it. */
function cut(one: string, other: string): readonly [string, string] {
  const first = firstDifference(one, other);
  return first < LONGEST - LEAD ? [shown(one), shown(other)] : [from(one, first - LEAD), from(other, first - LEAD)];
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (one[index] === other[index]) index += 1;
  return index;
}

const from = (text: string, start: number): string =>
  `…${text.slice(start, start + LONGEST)}${text.length > start + LONGEST ? "…" : ""} (from character ${start + 1})`;

const typeOf = (value: unknown): string =>
  value === undefined ? "nothing" : value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
