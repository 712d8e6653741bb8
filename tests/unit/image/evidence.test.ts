import * as fc from "fast-check";
import { canonicalize } from "json-canonicalize";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  EvidenceError,
  evidenceFile,
  parseEvidence,
  readEvidence,
  trustedKey,
  trustedKeyFile,
} from "../../../components/image/evidence";
import { EVIDENCE } from "../../../components/image/evidence/record";
import { FINDINGS, KEY, OTHER_KEY, REF, sealed } from "./evidence-sample";

const parse = (text: string) => parseEvidence(text, REF, { keys: [KEY.publicKey] }, "of a test");
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Paths to every value of a document, containers included. */
const pathsOf = (value: Json, at: readonly string[] = []): (readonly string[])[] =>
  typeof value !== "object" || value === null
    ? [at]
    : [
        ...(at.length === 0 ? [] : [at]),
        ...Object.entries(value).flatMap(([key, entry]) => pathsOf(entry as Json, [...at, key])),
      ];

/** A copy with the value at a path replaced, or removed where there is none to put in its place. */
function damaged(document: Json, [head, ...rest]: readonly string[], value: Json | undefined): Json {
  if (head === undefined) return value as Json;
  const copy = (Array.isArray(document) ? [...document] : { ...(document as object) }) as Record<string, Json>;
  if (rest.length > 0) copy[head] = damaged(copy[head] as Json, rest, value);
  else if (value !== undefined) copy[head] = value;
  else if (Array.isArray(copy)) copy.splice(Number(head), 1);
  else delete copy[head];
  return copy;
}

describe("an evidence record", () => {
  const whole = JSON.parse(JSON.stringify(sealed())) as Json;

  test("is read as it was written, whatever the order of its keys", () => {
    const reversed = (value: Json): Json =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, entry]) => [key, reversed(entry)]),
            )
          : value;
    expect(parse(JSON.stringify(whole, null, 4))).toEqual(whole);
    expect(parse(JSON.stringify(reversed(whole)))).toEqual(whole);
  });

  test("never passes with any value changed, removed or added", () => {
    const paths = pathsOf(whole);
    const value = fc.option(fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>, { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, (at, put) => {
        const document = damaged(whole, at, put);
        fc.pre(canonicalize(document) !== canonicalize(whole));
        expect(() => parse(JSON.stringify(document))).toThrow(EvidenceError);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.string(), (at, key) => {
        const document = damaged(whole, [...at, `${key}+`], 1);
        fc.pre(canonicalize(document) !== canonicalize(whole));
        expect(() => parse(JSON.stringify(document))).toThrow(EvidenceError);
      }),
      { numRuns: 500 },
    );
  });

  test("never passes with a character of its text changed to another meaning", () => {
    const text = JSON.stringify(whole);
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 1 }),
        (at, put) => {
          const other = `${text.slice(0, at)}${put}${text.slice(at + 1)}`;
          let document: Json | undefined;
          try {
            document = JSON.parse(other) as Json;
          } catch {
            document = undefined;
          }
          fc.pre(document === undefined || canonicalize(document) !== canonicalize(whole));
          expect(() => parse(other)).toThrow(EvidenceError);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("has no results where a check was not made, and a reason", () => {
    const notMade = { ...sealed(), secrets: { status: "not checked", reason: "no scanner", findings: [] } };
    expect(EVIDENCE.safeParse(notMade).success).toBe(false);
    const noReason = { ...sealed(), secrets: { status: "not checked", reason: "" } };
    expect(EVIDENCE.safeParse(noReason).success).toBe(false);
  });

  test("is refused when its values were bettered, saying so and how to make it again", () => {
    const bettered = { ...sealed(), revision: "another" };
    expect(() => parse(JSON.stringify(bettered))).toThrow(
      /was altered after it was sealed.*ralex evidence .* --collect/,
    );
  });

  test("is refused when another key sealed it", () => {
    const text = JSON.stringify(sealed(FINDINGS, OTHER_KEY));
    expect(() => parse(text)).toThrow(/the key trusted here is sha256:.*Make it again/);
    const remedy = (key: string) => `Commit ${key}`;
    const trusted = (...keys: readonly string[]) => parseEvidence(text, REF, { keys, remedy }, "of a test");
    expect(() => trusted()).toThrow(/the key trusted here is none\. Commit sha256:[0-9a-f]{64}$/);
    // One key follows another: for a while both are trusted.
    expect(trusted(KEY.publicKey, OTHER_KEY.publicKey)).toEqual(JSON.parse(text));
    const altered = JSON.stringify({ ...sealed(FINDINGS, OTHER_KEY), revision: "another" });
    expect(() => parseEvidence(altered, REF, { keys: [OTHER_KEY.publicKey], remedy }, "of a test")).toThrow(
      /was altered after it was sealed\. Make it again/,
    );
  });

  test("of another image is refused", () => {
    const other = REF.replace("0123", "3210");
    expect(() => parseEvidence(JSON.stringify(sealed()), other, { keys: [KEY.publicKey] }, "of a test")).toThrow(
      /it is of sha256:0123/,
    );
  });
});

describe("the evidence of a checkout", () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-evidence-"));
  afterAll(() => fs.rmSync(checkout, { recursive: true }));
  const file = evidenceFile(checkout, REF);

  const trust = (environment: NodeJS.ProcessEnv) => () => ({ keys: [trustedKey(checkout, environment)] });

  test("is no record where there is no file, and an error where there is a file and no key", () => {
    expect(readEvidence(checkout, REF, trust({}))).toBeUndefined();
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify(sealed()));
    expect(() => readEvidence(checkout, REF, trust({}))).toThrow("Set RALEX_SIGNING_PUBLIC_KEY");
  });

  test("is checked with the key of the checkout, or the one that is named", () => {
    fs.mkdirSync(path.join(checkout, ".ralex/signing"), { recursive: true });
    fs.writeFileSync(path.join(checkout, ".ralex/signing/cosign.pub"), KEY.publicKey);
    fs.writeFileSync(path.join(checkout, "other.pub"), OTHER_KEY.publicKey);
    expect(readEvidence(checkout, REF, trust({}))).toEqual(sealedRead());
    expect(() => readEvidence(checkout, REF, trust({ RALEX_SIGNING_PUBLIC_KEY: "other.pub" }))).toThrow(EvidenceError);
    expect(trustedKeyFile(checkout, { RALEX_SIGNING_KEY: "awskms:///alias/ralex" })).toMatch(/signing\/pipeline\.pub$/);
  });

  test("is found by digest, whatever repository the image was copied to", () => {
    expect(readEvidence(checkout, REF.replace("127.0.0.1:5055", "ghcr.io/acme"), trust({}))).toEqual(sealedRead());
  });

  const sealedRead = () => JSON.parse(fs.readFileSync(file, "utf8")) as unknown;
});
