import * as fc from "fast-check";
import { isRelease, MOST_ENTRIES, parseEntry, readLedger, withEntry } from "../../../components/image/ledger";
import { digits, editedPins, entry, ledgers, pin } from "./release-samples";

describe("the ledger of an environment", () => {
  test("is read back as it was written, and is empty where nothing was exported", () => {
    fc.assert(
      fc.property(ledgers, (ledger) => {
        expect(readLedger(JSON.parse(JSON.stringify(ledger)), "prod")).toEqual(ledger);
      }),
    );
    expect(readLedger(undefined, "prod")).toEqual([]);
    expect(readLedger(null, "prod")).toEqual([]);
  });

  test("grows in front by one entry, and never forgets or reorders the others", () => {
    fc.assert(
      fc.property(ledgers, digits, (ledger, digit) => {
        const added = entry(digit, { at: "2027-01-01T00:00:00.000Z" });
        expect(withEntry(ledger, added)).toEqual([added, ...ledger]);
      }),
    );
  });

  test("does not change for the verification that it has in front already, whoever publishes it again", () => {
    fc.assert(
      fc.property(ledgers, digits, (earlier, digit) => {
        const ledger = withEntry(earlier, entry(digit));
        expect(withEntry(ledger, entry(digit, { actor: "somebody else" }))).toBe(ledger);
      }),
    );
  });

  test("takes a release again that was verified before, at its new time", () => {
    const ledger = [entry("b"), entry("a")];
    const again = entry("a", { at: "2027-01-01T00:00:00.000Z" });
    expect(withEntry(ledger, again)).toEqual([again, ...ledger]);
  });

  test("is bounded, and loses its oldest entries", () => {
    const full = Array.from({ length: MOST_ENTRIES }, (_, index) => entry("a", { at: `at ${index}` }));
    const ledger = withEntry(full, entry("b"));
    expect(ledger).toHaveLength(MOST_ENTRIES);
    expect(ledger[0]).toEqual(entry("b"));
    expect(ledger.at(-1)).toEqual(full.at(-2));
  });

  test.each<[string, object, RegExp]>([
    ["a failed check", { checks: [{ name: "x", passed: false, detail: "" }] }, /0\.checks\.0\.passed/],
    ["no check at all", { checks: [] }, /0\.checks/],
    ["no schema", { schema: undefined }, /0\.schema/],
    ["no actor", { actor: undefined }, /0\.actor/],
    ["a field that nobody knows", { verified: true }, /verified/],
    ["an image without its platforms", { images: { probe: { ref: "x" } } }, /0\.images\.probe/],
    ["no list of what ran", { ran: undefined }, /0\.ran/],
    ["an empty id", { id: "" }, /0\.id/],
  ])("is refused with %s, and the error names the environment", (_, change, message) => {
    const output = [{ ...entry("a"), ...change }];
    expect(() => readLedger(output, "prod")).toThrow(message);
    expect(() => readLedger(output, "prod")).toThrow("ralex-ledger/prod is no ledger");
    expect(() => parseEntry(JSON.stringify(output[0]))).toThrow("is not that of a verified release");
  });

  test.each(["", "{", "null", "[]", '"r-a"'])("takes no entry from %j", (text) => {
    expect(() => parseEntry(text)).toThrow("is not that of a verified release");
  });
});

describe("two releases are the same", () => {
  test("whether they are written as a pin or as a record", () => {
    expect(isRelease(entry("a"), pin("a"))).toBe(true);
    expect(isRelease(pin("b"), entry("a"))).toBe(false);
  });

  test("whatever the order of their images", () => {
    const { id, images } = pin("a");
    expect(isRelease({ id, images: Object.fromEntries(Object.entries(images).reverse()) }, pin("a"))).toBe(true);
  });

  test("only when the id and every image are, seen from both sides", () => {
    fc.assert(
      fc.property(digits, digits, (one, other) => {
        expect(isRelease(pin(one), pin(other))).toBe(one === other);
        expect(isRelease(pin(one), { ...pin(one), id: "r-x" })).toBe(false);
      }),
    );
    fc.assert(
      fc.property(
        digits.chain((digit) => fc.tuple(fc.constant(digit), editedPins(digit))),
        ([digit, edited]) => {
          expect(isRelease(pin(digit), edited)).toBe(false);
          expect(isRelease(edited, pin(digit))).toBe(false);
        },
      ),
    );
  });
});
