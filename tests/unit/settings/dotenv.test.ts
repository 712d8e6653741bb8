import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { parseDotenv, readDotenv } from "../../../components/settings/dotenv";
import { loadSettings, SettingsError } from "../../../components/settings/load";

const parse = (text: string) => parseDotenv(Buffer.from(text));

describe(".env", () => {
  test.each([
    ["a # inside a value", "K=sk-abc#def", "sk-abc#def"],
    ["a dollar", "K=a$HOME${b}", "a$HOME${b}"],
    ["a backslash", String.raw`K=C:\new\table`, String.raw`C:\new\table`],
    ["quotes inside", `K=a"b'c`, `a"b'c`],
    ["words", "K=python -m ralex_bridge", "python -m ralex_bridge"],
    ["an equals sign", "K=a=b==", "a=b=="],
    ["letters beyond ASCII", "K=schlüssel", "schlüssel"],
    ["single quotes around anything", String.raw`K=' a # "b" \n $c '`, String.raw` a # "b" \n $c `],
    ["double quotes around what all readers take alike", `K=" a # 'b' "`, " a # 'b' "],
    ["a comment behind a closing quote", "K='a' # mine", "a"],
    ["export in front", "export K=a", "a"],
    ["white space in front of the name", "  K=a", "a"],
    ["nothing", "K=", ""],
  ])("takes %s as it is written", (_, line, value) => {
    for (const text of [line, `\ufeff${line}`, `${line}\r\n`, `# first\n\n${line}\n`]) {
      expect(parse(text)).toEqual({ dotenv: { K: value }, dotenvProblems: [] });
    }
  });

  test.each([
    ["white space at the start", "K= a", "white space at its start or end"],
    ["white space at the end", "K=a ", "white space at its start or end"],
    ["white space that nobody sees", "K=a\u00a0", "white space at its start or end"],
    ["a comment behind a value", "K=a # b", "where a comment could start"],
    ["a value that starts as a comment does", "K=#a", "where a comment could start"],
    ["an escape between double quotes", String.raw`K="a\nb"`, "readers take differently"],
    ["a dollar between double quotes", `K="a$b"`, "readers take differently"],
    ["a backtick as a quote", "K=`a`", "starts with a backtick"],
    ["an unclosed single quote", "K='a", "no closing one"],
    ["an unclosed double quote", `K="a`, "no closing one"],
    ["text behind a closing quote", `K="a"b`, "goes on after its closing quote"],
    ["a NUL", "K=a\0b", "a control character"],
    ["a carriage return inside", "K=a\rb", "a control character"],
    ["a name alone", "K", "no assignment"],
    ["white space around the =", "K = a", "no assignment"],
    ["a name with a dash", "K-A=a", "no assignment"],
    ["YAML", "K: a", "no assignment"],
  ])("refuses %s, with the line's number", (_, line, reason) => {
    const { dotenvProblems } = parse(`# first\nA=b\n${line}\nB=c\n`);
    expect(dotenvProblems).toEqual([
      { key: "a line", source: ".env, line 3", message: expect.stringContaining(reason) as string },
    ]);
  });

  test("refuses a name that is set twice, and each line of a value of several lines", () => {
    expect(parse("RALEX_A=1\nRALEX_A=1").dotenvProblems).toEqual([
      { key: "RALEX_A", source: ".env, line 2", message: "is set in line 1 already: keep one of the two" },
    ]);
    const lines = parse(`RALEX_A="-----BEGIN\nabcd\n-----END"`).dotenvProblems.map(({ source }) => source);
    expect(lines).toEqual([".env, line 1", ".env, line 2", ".env, line 3"]);
  });

  test("is refused where it is not UTF-8, and not passed over", () => {
    expect(parseDotenv(Buffer.from("A=b\nK=f\xfcr\n", "latin1")).dotenvProblems).toEqual([
      { key: "a line", source: ".env, line 2", message: "is not UTF-8: save the file as UTF-8" },
    ]);
    expect(parseDotenv(Buffer.from("\ufeffK=a", "utf16le")).dotenvProblems).toEqual([
      { key: ".env", source: "file", message: "is UTF-16: save it as UTF-8" },
    ]);
  });

  test("is no file: an empty answer; unreadable: a problem", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-dotenv-"));
    try {
      expect(readDotenv(folder)).toEqual({ dotenv: {}, dotenvProblems: [] });
      fs.mkdirSync(path.join(folder, ".env"));
      expect(readDotenv(folder).dotenvProblems[0]?.message).toContain("cannot be read (EISDIR)");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  // Characters that readers of .env files do something about, and any others.
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab=#'\"`\\n$ \t{}!:;\r") }),
    fc.string({ unit: "binary" }),
    fc.string(),
  );

  test("gives every value that it takes as it is written, or refuses its line", () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!value.includes("\n"));
        const { dotenv, dotenvProblems } = parse(`K=${value}`);
        if (dotenvProblems.length > 0) return;
        const quoted = /^(['"])(.*?)\1(?:\s+#.*|\s*)$/s.exec(value);
        expect(dotenv).toEqual({ K: quoted?.[2] ?? value });
      }),
      { numRuns: 2000 },
    );
  });

  test("takes every value without a single quote, line or control character between single quotes", () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!/'|[^\P{Cc}\t]/u.test(value) && Buffer.from(value).toString() === value);
        expect(parse(`K='${value}'`)).toEqual({ dotenv: { K: value }, dotenvProblems: [] });
      }),
    );
  });

  test("never repeats any part of a line that it refuses", () => {
    const canary = "c4n4ry";
    const frames = ["%= a", "%", "RALEX_X='%", `"%"`, "RALEX_X= %", "%:%", "%=`a", "A='%' %", "%=1\n%=2"];
    for (const frame of frames) {
      const { dotenvProblems } = parse(frame.replaceAll("%", canary));
      expect(dotenvProblems.length).toBeGreaterThan(0);
      expect(JSON.stringify(dotenvProblems)).not.toContain(canary);
    }
  });

  test("has its problems in the one error with all others, where it is looked at", () => {
    const read = { environment: {}, ...parse("RALEX_API_REPLICAS=0\nwrong\n") };
    const load = (stack: Record<string, unknown>) => () => loadSettings({ ...read, stack });
    expect(load({ webPort: 0 })).toThrow(SettingsError);
    expect(load({ webPort: 0 })).toThrow(/3 problem.*a line \(\.env, line 2\).*apiReplicas.*webPort/s);
    expect(load({ promotesFrom: "dev" })()).toMatchObject({ apiReplicas: 2 });
  });
});
