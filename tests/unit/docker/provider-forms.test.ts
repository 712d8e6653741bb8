/** What the program writes is what the Docker provider reads back. */
import fc from "fast-check";
import { decimalCpus, goDuration } from "../../../components/docker/provider-forms";

describe("a number of CPUs", () => {
  test.each([
    [0.1, "0.1"],
    [0.25, "0.25"],
    [0.5, "0.5"],
    [1, "1.0"],
    [1.5, "1.5"],
    [2, "2.0"],
    [10, "10."],
    [10.5, "10.5"],
    [64, "64.0"],
    [100, "100."],
    [0.123456789, "0.123456789"],
  ])("%s is %j", (cpus, text) => {
    expect(decimalCpus(cpus)).toBe(text);
  });

  test.each([0.05, 0.01, 0.001, 10.05])(
    "%s, which is read back as another amount, is refused with the reason",
    (cpus) => {
      expect(() => decimalCpus(cpus)).toThrow(`reads ${cpus} CPUs back as another amount`);
    },
  );

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-10])("%s is refused", (cpus) => {
    expect(() => decimalCpus(cpus)).toThrow("is no number of CPUs");
  });

  test("is what the provider reads back, or is refused because that is another amount", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512_000 }), (thousandths) => {
        const cpus = thousandths / 1000;
        const readBack = asTheProviderReads(BigInt(thousandths) * 1_000_000n);
        if (Number(readBack) === cpus) expect(decimalCpus(cpus)).toBe(readBack);
        else expect(() => decimalCpus(cpus)).toThrow(`reads ${cpus} CPUs back as another amount`);
      }),
      { numRuns: 2000 },
    );
  });
});

/** helpers.go, nanoInt64ToDecimalString, line by line: a fraction of nine digits, rounded to one where it has nine zeros. */
function asTheProviderReads(nano: bigint): string {
  const nineDigits = `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, "0")}`;
  if (nineDigits.split("0").length - 1 !== 9) return nineDigits.replace(/0+$/, "");
  const tenths = (nano + 50_000_000n) / 100_000_000n;
  return `${tenths / 10n}.${tenths % 10n}`;
}

describe("a duration", () => {
  test.each([
    [0, "0s"],
    [0.000000001, "1ns"],
    [0.0000015, "1.5µs"],
    [0.0005, "500µs"],
    [0.1, "100ms"],
    [0.5, "500ms"],
    [1, "1s"],
    [1.5, "1.5s"],
    [59, "59s"],
    [60, "1m0s"],
    [90, "1m30s"],
    [120, "2m0s"],
    [600.25, "10m0.25s"],
    [3600, "1h0m0s"],
    [90_061, "25h1m1s"],
  ])("of %s seconds is %j", (seconds, text) => {
    expect(goDuration(seconds)).toBe(text);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e-10])("of %s seconds is refused", (seconds) => {
    expect(() => goDuration(seconds)).toThrow("is no duration in seconds");
  });
});
