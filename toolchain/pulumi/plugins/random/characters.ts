/** Random texts under rules, by the system's source of randomness. */
import { randomInt } from "node:crypto";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const NUMERIC = "0123456789";
/** The official provider's special characters. */
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

export interface Rules {
  readonly length: number;
  readonly lower: boolean;
  readonly upper: boolean;
  readonly numeric: boolean;
  readonly special: boolean;
  readonly overrideSpecial: string | undefined;
  readonly minLower: number;
  readonly minUpper: number;
  readonly minNumeric: number;
  readonly minSpecial: number;
}

const pick = (alphabet: string, count: number): string[] =>
  Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)] ?? "");

/** Every order is as likely as any other. */
function shuffled(characters: string[]): string[] {
  const result = [...characters];
  for (let last = result.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [result[last], result[other]] = [result[other] ?? "", result[last] ?? ""];
  }
  return result;
}

const classes = (rules: Rules) => [
  { name: "lower", characters: LOWER, allowed: rules.lower, least: rules.minLower },
  { name: "upper", characters: UPPER, allowed: rules.upper, least: rules.minUpper },
  { name: "numeric", characters: NUMERIC, allowed: rules.numeric, least: rules.minNumeric },
  { name: "special", characters: rules.overrideSpecial || SPECIAL, allowed: rules.special, least: rules.minSpecial },
];

/** What no text can satisfy, in words. */
export function contradiction(rules: Rules): string | undefined {
  const least = classes(rules).reduce((sum, entry) => sum + entry.least, 0);
  if (!Number.isInteger(rules.length) || rules.length < 1) return "length must be a whole number of at least 1";
  if (least > rules.length) return `length is ${rules.length}, but the minimums ask for ${least} characters`;
  if (classes(rules).every(({ allowed }) => !allowed)) return "every class of characters is switched off";
  return undefined;
}

/** A text that satisfies the rules; call {@link contradiction} first. */
export function randomText(rules: Rules): string {
  const allowed = classes(rules).filter((entry) => entry.allowed || entry.least > 0);
  const required = allowed.flatMap(({ characters, least }) => pick(characters, least));
  const alphabet = classes(rules)
    .filter((entry) => entry.allowed)
    .map(({ characters }) => characters)
    .join("");
  return shuffled([...required, ...pick(alphabet, rules.length - required.length)]).join("");
}
