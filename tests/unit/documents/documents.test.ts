/** What is generated agrees with what it is generated from. */
import * as fs from "node:fs";
import * as path from "node:path";
import { renderDocuments } from "../../../cli/documents";
import { table, withBlock } from "../../../cli/documents/markdown";
import { RENDERED_FOLDER, renderedFiles } from "../../../cli/documents/rendered";
import { dotenvExample, settingsPage } from "../../../cli/documents/settings";
import { parseDotenv } from "../../../components/settings/dotenv";
import { FILE_ONLY, loadSettings, variableOf } from "../../../components/settings/load";
import { PLAIN_SETTINGS, SECRET_SETTINGS } from "../../../components/settings/schema";
import { NAMED_TESTS } from "../../support/named-tests";

const CHECKOUT = path.resolve(__dirname, "../../..");
const KEYS = [...Object.keys(PLAIN_SETTINGS), ...Object.keys(SECRET_SETTINGS)];

describe("generated documents", () => {
  test("are up to date; ./ralex docs writes them", async () => {
    for (const { file, present, expected } of await renderDocuments(CHECKOUT)) {
      expect({ file, text: present }).toEqual({ file, text: expected });
    }
  });

  test("are all that stands among the texts of the services", async () => {
    const rendered = Object.keys(await renderedFiles());
    expect(fs.readdirSync(path.join(CHECKOUT, RENDERED_FOLDER)).sort()).toEqual(rendered.sort());
  });

  test("are written once and then stay as they are", async () => {
    expect(await renderDocuments(CHECKOUT)).toEqual(await renderDocuments(CHECKOUT));
  });
});

describe(".env.example", () => {
  test("sets nothing until a line is uncommented", () => {
    expect(parseDotenv(Buffer.from(dotenvExample()))).toEqual({ dotenv: {}, dotenvProblems: [] });
  });

  test("has every setting that may stand there, and with all of them uncommented at their defaults nothing changes", () => {
    const example = Buffer.from(dotenvExample().replace(/^#(?=RALEX_)/gm, ""));
    const { dotenv: uncommented } = parseDotenv(example);
    expect(Object.keys(uncommented).sort()).toEqual(
      KEYS.filter((key) => !FILE_ONLY.has(key))
        .map(variableOf)
        .sort(),
    );
    const filled = Object.fromEntries(Object.entries(uncommented).filter(([, value]) => value !== ""));
    const none = { environment: {}, stack: {} };
    expect(loadSettings({ ...none, dotenv: filled })).toEqual(loadSettings({ ...none, dotenv: {} }));
  });
});

test("docs/settings.md has a row for every setting with its variable, or without where there is none", () => {
  for (const key of KEYS) {
    const where = FILE_ONLY.has(key) ? "the stack's file only" : `\`${variableOf(key)}\``;
    expect(settingsPage()).toMatch(new RegExp(`^\\| \`${key}\` .*${where}`, "m"));
  }
});

describe("the index of tests", () => {
  const listed = Object.values(NAMED_TESTS)
    .flat()
    .flatMap(({ tests }) => tests);

  test.each(listed.map(({ file, title }) => [title, file] as const))("names <%s>, which %s has", (title, file) => {
    const text = fs.readFileSync(path.join(CHECKOUT, file), "utf8");
    const quoted = title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const form = file.endsWith(".py")
      ? `^(?:async )?def ${quoted}\\(`
      : `(?:test|\\))(?:\\.each[^\\n]*)?\\(\\s*"${quoted}"`;
    expect(text).toMatch(new RegExp(form, "m"));
  });

  test("has every name of the planning document", () => {
    expect(Object.values(NAMED_TESTS).map((named) => named.length)).toEqual([4, 4, 4, 4, 4, 4, 4]);
  });
});

test.each(["README.md", "CONTRIBUTING.md"])("%s names only paths that the checkout has", (file) => {
  const text = fs.readFileSync(path.join(CHECKOUT, file), "utf8");
  const named = [...text.matchAll(/`((?:cli|components|docs|images|stacks|tests|toolchain)\/[\w./-]*)`/g)];
  expect(named.length).toBeGreaterThan(3);
  expect(named.map(([, name = ""]) => name).filter((name) => !fs.existsSync(path.join(CHECKOUT, name)))).toEqual([]);
});

describe("Markdown", () => {
  test("is aligned, whatever is in a cell", () => {
    expect(table(["a", "long"], [["b|c", "é"]])).toBe("| a    | long |\n| ---- | ---- |\n| b\\|c | é    |\n");
  });

  test("keeps what stands around a block, and refuses a text without its marks", () => {
    expect(withBlock("a\n<!-- x -->old<!-- /x -->\nb", "x", "new\n")).toBe("a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb");
    for (const text of ["", "<!-- x -->", "<!-- /x --><!-- x -->", "<!-- x --><!-- /x --><!-- x --><!-- /x -->"]) {
      expect(() => withBlock(text, "x", "new")).toThrow("there has to be one");
    }
  });
});
