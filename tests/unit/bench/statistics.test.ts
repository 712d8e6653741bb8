import fc from "fast-check";
import { median, ratioOf } from "../../bench/statistics";

const sample = fc.double({ min: 0.001, max: 1e6, noNaN: true });

describe("the median", () => {
  test("is the middle one of an odd number of samples, in whatever order they came", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([3])).toBe(3);
  });

  test("is the mean of the two in the middle of an even number", () => expect(median([4, 1, 2, 100])).toBe(3));

  test("sorts by value, not by text", () => expect(median([100, 9, 20])).toBe(20));

  test("leaves the samples as they were", () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  test("has at most half of the samples on either side", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
        const middle = median(samples);
        expect(samples.filter((one) => one < middle).length).toBeLessThanOrEqual(samples.length / 2);
        expect(samples.filter((one) => one > middle).length).toBeLessThanOrEqual(samples.length / 2);
      }),
    );
  });

  test("of nothing, or of something that is no number, is an error", () => {
    expect(() => median([])).toThrow("no sample");
    expect(() => median([1, Number.NaN])).toThrow("NaN");
    expect(() => median([1, Infinity])).toThrow("Infinity");
  });
});

describe("the ratio to a peer", () => {
  test("is the median of the pairs' ratios where there are as many of both", () =>
    // Medians alone would say 20 / 10; the machine was slow in the first pair, for both.
    expect(ratioOf([1, 20, 90], [1, 10, 30])).toBe(2));

  test("is that of the medians otherwise", () => expect(ratioOf([10, 20, 30], [5])).toBe(4));

  test("to a peer that did nothing is an error", () => expect(() => ratioOf([1], [0])).toThrow("not above 0"));
});
