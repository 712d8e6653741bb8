/**
 * The `.env` of a checkout, read strictly: a value arrives as it is written, or its line is refused.
 *
 * The usual readers each change some values without a word, and not the same ones: they cut at a `#`, take quotes and
 * white space away, put line feeds in the place of `\n`. In the middle of a key nobody sees that.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Problem } from "./problem";

export interface Dotenv {
  readonly dotenv: Readonly<Record<string, string>>;
  /** Everything that keeps the file from being read; no value and no other part of a line is in it. */
  readonly dotenvProblems: readonly Problem[];
}

/** As problems name it. */
export const DOTENV = ".env";

/** The `.env` of a checkout, or nothing where there is none. */
export function readDotenv(checkout: string): Dotenv {
  const file = path.join(checkout, DOTENV);
  if (!fs.existsSync(file)) return { dotenv: {}, dotenvProblems: [] };
  try {
    return parseDotenv(fs.readFileSync(file));
  } catch (error) {
    const { code = "an unknown error" } = error as NodeJS.ErrnoException;
    return { dotenv: {}, dotenvProblems: [wholeFile(`${file} cannot be read (${code}): make it a file of this user`)] };
  }
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/s;
const IGNORED = /^\s*(?:#.*)?$/s;
const CONTROL = /[^\P{Cc}\t]/u;
const UTF16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** Reads what a `.env` holds. A byte order mark at its start and carriage returns before line feeds belong to no value. */
export function parseDotenv(content: Buffer): Dotenv {
  if (UTF16.some((mark) => content.subarray(0, 2).equals(mark))) {
    return { dotenv: {}, dotenvProblems: [wholeFile("is UTF-16: save it as UTF-8")] };
  }
  const problems: Problem[] = [];
  const values = new Map<string, { value: string; line: number }>();
  linesOf(content).forEach((bytes, index) => {
    const line = index + 1;
    const refuse = (message: string, name?: string) =>
      problems.push({
        // A name that is no setting's may be a piece of a secret.
        key: name?.startsWith("RALEX_") === true ? name : "a line",
        source: `${DOTENV}, line ${line}`,
        message,
      });
    const text = decoded(bytes);
    if (text === undefined) return refuse("is not UTF-8: save the file as UTF-8");
    if (CONTROL.test(text)) return refuse("holds a control character: take it away");
    if (IGNORED.test(text)) return;
    const [, name, written = ""] = ASSIGNMENT.exec(text) ?? [];
    if (name === undefined) {
      return refuse("is no assignment: write NAME=value, without white space around the =, or # in front of a comment");
    }
    const value = valueOf(written);
    const before = values.get(name);
    if ("problem" in value) refuse(value.problem, name);
    else if (before === undefined) values.set(name, { value: value.text, line });
    else refuse(`is set in line ${before.line} already: keep one of the two`, name);
  });
  return {
    dotenv: Object.fromEntries([...values].map(([name, { value }]) => [name, value])),
    dotenvProblems: problems,
  };
}

type Value = { readonly text: string } | { readonly problem: string };

const QUOTE_IT = "put single quotes around the whole value, inside which everything stands for itself";

function valueOf(written: string): Value {
  const first = written[0] ?? "";
  if (first === "'" || first === '"') return quoted(written, first);
  if (first === "`") return { problem: `starts with a backtick: ${QUOTE_IT}` };
  if (/^\s|\s$/.test(written)) return { problem: `has white space at its start or end: take it away, or ${QUOTE_IT}` };
  if (/(?:^|\s)#/.test(written)) {
    return { problem: `has a # where a comment could start: put the comment into a line of its own, or ${QUOTE_IT}` };
  }
  return { text: written };
}

function quoted(written: string, quote: string): Value {
  const end = written.indexOf(quote, 1);
  if (end === -1) return { problem: `has an opening quote and no closing one: a value is one line; ${QUOTE_IT}` };
  const text = written.slice(1, end);
  if (quote === '"' && /[\\$`]/.test(text)) {
    return { problem: `has a \\, $ or backtick between double quotes, which readers take differently: ${QUOTE_IT}` };
  }
  if (!/^\s*$|^\s+#/.test(written.slice(end + 1))) {
    return { problem: `goes on after its closing quote: ${QUOTE_IT}, or leave the quotes away` };
  }
  return { text };
}

const wholeFile = (message: string): Problem => ({ key: DOTENV, source: "file", message });

/** Lines without their ends; an end is `\n` or `\r\n`. */
function linesOf(content: Buffer): readonly Buffer[] {
  const BOM = Buffer.from("\ufeff");
  let rest = content.subarray(0, BOM.length).equals(BOM) ? content.subarray(BOM.length) : content;
  const lines: Buffer[] = [];
  for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n")) {
    lines.push(rest.subarray(0, end > 0 && rest[end - 1] === 0x0d ? end - 1 : end));
    rest = rest.subarray(end + 1);
  }
  return [...lines, rest];
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
