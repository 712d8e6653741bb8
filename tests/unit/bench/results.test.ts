import type { Benchmark, Samples } from "../../bench/benchmark";
import { goalText, mergeResults, readResults, resultOf, unmeasured } from "../../bench/results";

const RUN = { commit: "0123456789ab", load: 0.5 };
const benchmark = (name: string, more: Partial<Benchmark> = {}): Benchmark => ({
  name,
  unit: "s",
  goal: { value: { atMost: 10 } },
  method: "by a clock",
  run: () => Promise.reject(new Error("not run here")),
  ...more,
});
const result = (samples: Samples, more: Partial<Benchmark> = {}) => resultOf(benchmark("one", more), samples, RUN);

describe("a result", () => {
  test("has exactly the fields that programs read", () => {
    expect(result({ own: [1, 2, 3], peer: [2, 2, 2], peerVersion: "peer 1" })).toEqual({
      name: "one",
      value: 2,
      unit: "s",
      peer: 2,
      ratio: 1,
      goal: "<= 10 s",
      met: true,
      samples: [1, 2, 3],
      commit: RUN.commit,
      peerVersion: "peer 1",
      load: 0.5,
      note: null,
    });
  });

  test("meets its goal up to the bound itself, and not beyond", () => {
    expect(result({ own: [10] }).met).toBe(true);
    expect(result({ own: [10.00001] })).toMatchObject({ met: false, value: 10 });
    const atLeast = { goal: { ratio: { atLeast: 15 } } };
    expect(result({ own: [150], peer: [10] }, atLeast).met).toBe(true);
    expect(result({ own: [149], peer: [10] }, atLeast).met).toBe(false);
  });

  test("meets a goal of two bounds only by keeping both", () => {
    const goal = { goal: { value: { atMost: 45 }, ratio: { atMost: 1.25 } } };
    expect(result({ own: [40], peer: [40] }, goal).met).toBe(true);
    expect(result({ own: [50], peer: [50] }, goal).met).toBe(false);
    expect(result({ own: [40], peer: [20] }, goal).met).toBe(false);
  });

  test("of a goal against a peer that was not measured is an error, not a success", () => {
    expect(() => result({ own: [1] }, { goal: { ratio: { atMost: 1 } } })).toThrow("measured no peer");
  });

  test("without a number is not met and says why", () => {
    const missing = unmeasured(benchmark("one"), "no Docker Engine answers", RUN);
    expect(missing).toMatchObject({
      value: null,
      ratio: null,
      met: false,
      samples: [],
      note: "no Docker Engine answers",
    });
  });
});

test("a goal is told in words", () => {
  expect(goalText({ value: { atMost: 45 }, ratio: { atMost: 1.25 } }, "s")).toBe("<= 45 s and ratio <= 1.25");
  expect(goalText({ ratio: { atLeast: 15 } }, "requests/s")).toBe("ratio >= 15");
});

describe("merging results", () => {
  const benchmarks = [benchmark("one"), benchmark("two"), benchmark("three")];
  const of = (name: string, value: number) => resultOf(benchmark(name), { own: [value] }, RUN);

  test("puts new ones in the place of earlier ones, and keeps the others", () => {
    const merged = mergeResults(benchmarks, [of("two", 2), of("one", 1)], [of("two", 20)]);
    expect(merged.map(({ name, value }) => [name, value])).toEqual([
      ["one", 1],
      ["two", 20],
      ["three", null],
    ]);
  });

  test("lists what never ran as not met", () => {
    expect(mergeResults(benchmarks, [], []).map(({ met, note }) => [met, note])).toEqual(
      Array.from({ length: 3 }, () => [false, "not run yet"]),
    );
  });

  test("lets a run that failed replace an earlier number", () => {
    const failed = unmeasured(benchmark("one"), "the peer did not start", RUN);
    expect(mergeResults(benchmarks, [of("one", 1)], [failed])[0]).toMatchObject({ value: null, met: false });
  });

  test("drops what no benchmark measures any more", () => {
    expect(mergeResults(benchmarks, [of("gone", 1)], []).map(({ name }) => name)).toEqual(["one", "two", "three"]);
  });
});

describe("reading results", () => {
  test("gives back what was written", () => {
    const written = [result({ own: [1, 2, 3] })];
    expect(readResults(JSON.stringify(written))).toEqual(written);
  });

  test("refuses a file that somebody wrote by hand", () => {
    expect(() => readResults('[{"name": "one", "met": true}]')).toThrow(/damaged.*0\.value/s);
  });
});
