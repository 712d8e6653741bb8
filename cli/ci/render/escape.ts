/**
 * Text of programs, providers and policies in a comment, so that nothing in it takes effect: no HTML, no mention, no
 * reference, no link, no emphasis, no table, no end of a fence.
 */
import { stripVTControlCharacters } from "node:util";

/** Control characters but tab and newline; what turns the direction of writing round; what nobody sees. */
const UNSEEN =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** Needs no escape inside backticks, in a table too. */
const HARMLESS = /^[\w./:,=+@()[\]{}%^;?~#*-]+(?: [\w./:,=+@()[\]{}%^;?~#*-]+)*$/;

/** Characters that mean something in Markdown or in HTML; in code also what would become an address. */
const SPECIAL = /[&<>"'`*_~[\]|@#\\!$^]/g;
const SPECIAL_IN_CODE = /[&<>"'`*_~[\]|@#\\!$^:()]/g;

/** Words of which a forge makes a link, a mention or a picture, even where each character is an entity. */
const LIVELY = /@|#\d|:\/\/|www\.|GH-\d|:[\w+-]+:|%\d+|(?:^|\W)[!$&~]\d/i;

/** Text that is shown, and nothing else: no colours of terminals, no halves of characters, no direction of its own. */
export function clean(text: string): string {
  const whole = Buffer.from(stripVTControlCharacters(text), "utf8").toString("utf8");
  return whole.replace(/\r\n?/g, "\n").replace(UNSEEN, "\ufffd");
}

/** At most this many characters, none of them halved; what is cut off is marked. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

const oneLine = (text: string): string => clean(text).replace(/\s+/g, " ").trim();

const entities = (text: string, special = SPECIAL): string =>
  text.replace(special, (character) => `&#${character.charCodeAt(0)};`);

/** Inline code, wherever HTML may stand: in a paragraph, a cell, a summary. @param most - characters. */
export function htmlCode(text: string, most = 120): string {
  return `<code>${entities(shortened(oneLine(text), most), SPECIAL_IN_CODE).replace(/www\./gi, "$&&#8203;")}</code>`;
}

/** Inline code in a paragraph or in a cell. */
export function code(text: string, most = 120): string {
  const shown = shortened(oneLine(text), most);
  return HARMLESS.test(shown) ? `\`${shown}\`` : htmlCode(shown, most);
}

/** A sentence; words of which a forge would make something are code. */
export function prose(text: string, most = 500): string {
  return shortened(oneLine(text), most)
    .split(" ")
    .map((word, index) => {
      if (LIVELY.test(word)) return htmlCode(word, most);
      // At the beginning these would be a list, a heading's underline, or code.
      return index === 0 ? entities(word).replace(/^[-+=\d]/, (first) => `&#${first.charCodeAt(0)};`) : entities(word);
    })
    .join(" ");
}

/** A block of code whose fence nothing inside can end. @param language - for the colours; a word of ours. */
export function fenced(lines: readonly string[], language: string): string {
  const text = lines.map((line) => clean(line).replaceAll("\n", " ")).join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
