/** What `./ralex bench` writes: docs/benchmarks.json. */
import { z } from "zod";
import type { Benchmark, Bound, Goal, Samples } from "./benchmark";
import { median, ratioOf } from "./statistics";

const RESULT = z.strictObject({
  name: z.string().min(1),
  /** Median of our samples; null for what could not run. */
  value: z.number().nullable(),
  unit: z.string(),
  /** Median of the peer's samples; null without a peer. */
  peer: z.number().nullable(),
  /** Ours over the peer's. */
  ratio: z.number().nullable(),
  goal: z.string(),
  /** Whether every bound of the goal holds; false for what could not run. */
  met: z.boolean(),
  /** Our samples, in the order in which they were taken. */
  samples: z.array(z.number()),
  /** What was measured, with `-dirty` where it had changes; null for what could not run. */
  commit: z.string().nullable(),
  peerVersion: z.string().nullable(),
  /** Load average of the last minute when it began: on a busy machine numbers are worse. */
  load: z.number().nullable(),
  /** What a reader has to know about this run, or why there is no number. */
  note: z.string().nullable(),
});

const RESULTS = z.array(RESULT);

export type Result = z.infer<typeof RESULT>;

/** When and on what a benchmark ran. */
export interface Run {
  readonly commit: string;
  readonly load: number;
}

/** @throws Error when the text is not a list of results: written by hand, or by another version. */
export function readResults(text: string): readonly Result[] {
  const parsed = RESULTS.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`docs/benchmarks.json is damaged (remove it and run every benchmark): ${problems.join("; ")}`);
}

const keeps = (value: number, bound: Bound): boolean =>
  "atMost" in bound ? value <= bound.atMost : value >= bound.atLeast;

const boundText = (bound: Bound): string => ("atMost" in bound ? `<= ${bound.atMost}` : `>= ${bound.atLeast}`);

/** A goal in words, `<= 45 s and ratio <= 1.25`. */
export function goalText(goal: Goal, unit: string): string {
  const value = goal.value === undefined ? [] : [`${boundText(goal.value)} ${unit}`];
  const ratio = goal.ratio === undefined ? [] : [`ratio ${boundText(goal.ratio)}`];
  return [...value, ...ratio].join(" and ");
}

/** Rounded to four significant digits: more would be noise, and a change of it a diff. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** @throws Error when there is no sample, or when the goal needs a peer that was not measured. */
export function resultOf(benchmark: Benchmark, samples: Samples, run: Run): Result {
  const { goal, unit, name } = benchmark;
  const value = median(samples.own);
  const peer = samples.peer === undefined ? null : median(samples.peer);
  const ratio = samples.peer === undefined ? null : ratioOf(samples.own, samples.peer);
  if (goal.ratio !== undefined && ratio === null)
    throw new Error(`${name} has a goal for a ratio and measured no peer`);
  // The bounds are held by what was measured, not by what is shown.
  const met =
    (goal.value === undefined || keeps(value, goal.value)) &&
    (goal.ratio === undefined || (ratio !== null && keeps(ratio, goal.ratio)));
  return {
    name,
    value: rounded(value),
    unit,
    peer: peer === null ? null : rounded(peer),
    ratio: ratio === null ? null : rounded(ratio),
    goal: goalText(goal, unit),
    met,
    samples: samples.own.map(rounded),
    commit: run.commit,
    peerVersion: samples.peerVersion ?? null,
    load: rounded(run.load),
    note: samples.note ?? null,
  };
}

/** The record of a benchmark that gave no number. */
export function unmeasured(benchmark: Benchmark, reason: string, run?: Run): Result {
  return {
    name: benchmark.name,
    value: null,
    unit: benchmark.unit,
    peer: null,
    ratio: null,
    goal: goalText(benchmark.goal, benchmark.unit),
    met: false,
    samples: [],
    commit: run?.commit ?? null,
    peerVersion: null,
    load: run === undefined ? null : rounded(run.load),
    note: reason,
  };
}

/**
 * Earlier results with the new ones in their places, in the order of the benchmarks. One that never ran is there too,
 * as not met; one that no longer exists is dropped, since nothing could measure it again.
 */
export function mergeResults(
  benchmarks: readonly Benchmark[],
  earlier: readonly Result[],
  fresh: readonly Result[],
): readonly Result[] {
  // Later entries win.
  const known = new Map([...earlier, ...fresh].map((result) => [result.name, result]));
  return benchmarks.map((benchmark) => known.get(benchmark.name) ?? unmeasured(benchmark, "not run yet"));
}
