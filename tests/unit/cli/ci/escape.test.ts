/** Nothing of a program takes effect in a comment. */
import * as fc from "fast-check";
import { code, fenced, htmlCode, prose, shortened } from "../../../../cli/ci/render/escape";
import { shownHtml } from "../../../support/previews/shown";

const HOSTILE = [
  "<script>alert(1)</script>",
  "<!-- ralex:preview run=9 -->",
  "</details></summary></code>",
  "```\n@everyone\n```",
  "`` ` ```` `",
  "@octocat @org/team a@b.example",
  "#12 GH-12 owner/name#12 !34 %5 &6 $7 ~8",
  "[text](https://evil.example) ![](https://evil.example/x.png) <https://evil.example>",
  "https://evil.example www.evil.example",
  "| a | b |\n| --- | --- |",
  "a\\|b \\` \\",
  "# heading\n- item\n1. one\n> quote\n===\n---",
  ":tada: **bold** _em_ ~~gone~~ $x$ $$y$$",
  "&lt;b&gt; &#64;octocat &amp;",
  "\u202egnp.exe \u200b@ \u001b[31mred\u001b[0m \ud800 \0",
  "[!CAUTION]",
  "- item",
  "+ item",
  "1. one",
  "2) two",
  "",
  "   ",
];

/** Any text, and text that is made of what is dangerous. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(...HOSTILE),
  fc
    .array(fc.constantFrom(..."`|\\<>@#*_~[]()!:$&-=+. \n\tabw1", "www.", "://", "```", "</code>", "<!--"), {
      maxLength: 60,
    })
    .map((parts) => parts.join("")),
);

/** The tags of a piece of HTML, by name. */
const tagsOf = (html: string): readonly string[] =>
  [...html.matchAll(/<(?:\/?)([a-z][a-z0-9]*|!--)/gi)].map(([, name = ""]) => name.toLowerCase());

/** The text outside of code: where a forge looks for mentions, references and pictures. */
const outsideCode = (html: string): string =>
  html
    .replace(/<(pre|code)[^>]*>[^]*?<\/\1>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&#64;", "@")
    .replaceAll("&#35;", "#");

/** What GitHub makes of text after Markdown, outside of code. */
const LIVELY = /@[a-z0-9]|#\d|GH-\d|https?:\/\/|www\.|:\w+:/i;

const SCENES: readonly (readonly [string, (text: string) => string, readonly string[]])[] = [
  ["a paragraph of code", (text) => `before ${code(text)} after`, ["p", "code"]],
  ["a sentence", (text) => `- before ${prose(text)} after`, ["ul", "li", "code"]],
  ["a sentence at the beginning of an item", (text) => `- ${prose(text)}`, ["ul", "li", "code"]],
  [
    "a cell",
    (text) => `| a | b |\n| --- | --- |\n| ${code(text)} | ${prose(text)} |`,
    ["table", "thead", "tbody", "tr", "th", "td", "code"],
  ],
  [
    "a summary",
    (text) => `<details><summary>${htmlCode(text)}</summary>\n\nx\n\n</details>`,
    ["details", "summary", "p", "code"],
  ],
  ["an alert", (text) => `> [!CAUTION]\n> - ${code(text)} ${prose(text)}`, ["blockquote", "p", "ul", "li", "code"]],
  ["a block", (text) => `${fenced(text.split("\n"), "diff")}\n\nafter`, ["pre", "code", "p"]],
];

describe.each(SCENES)("any text in %s", (_, scene, allowed) => {
  test("makes no element of its own, mentions nobody and links nowhere", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const html = shownHtml(scene(text));
        expect(tagsOf(html).filter((tag) => !allowed.includes(tag))).toEqual([]);
        expect(outsideCode(html)).not.toMatch(LIVELY);
        // Written before and after it: the same number of lines, cells and items.
        const plain = shownHtml(scene("plain"));
        const structure = (tags: readonly string[]) => tags.filter((tag) => tag !== "code" && tag !== "p");
        expect(structure(tagsOf(html))).toEqual(structure(tagsOf(plain)));
      }),
      { numRuns: 300, examples: HOSTILE.map((text) => [text] as [string]) },
    );
  });

  test("is whole characters of one direction, and has no control characters", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = scene(text);
        expect(shown).toBe(Buffer.from(shown, "utf8").toString("utf8"));
        expect(shown.replaceAll("&#8203;", "")).not.toMatch(
          /[\0-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
        );
      }),
    );
  });
});

test("harmless text stays readable, and shows as it was written", () => {
  expect(code("postgres-data")).toBe("`postgres-data`");
  expect(shownHtml(prose("Set resources.limits.memory: 1 < 2 (a `word`), it's 100% & more"))).toBe(
    "<p>Set resources.limits.memory: 1 &lt; 2 (a `word`), it's 100% &amp; more</p>\n",
  );
  expect(shownHtml(code("a|b<c>"))).toBe("<p><code>a|b&lt;c&gt;</code></p>\n");
});

test("what is cut off is marked, and halves no character", () => {
  expect(shortened("abc", 3)).toBe("abc");
  expect(shortened("abcd", 3)).toBe("ab…");
  expect(shortened("a\u{1f600}bcd", 3)).toBe("a…");
});
