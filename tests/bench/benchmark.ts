/** What a benchmark is: a question with a number for an answer, and the bound that the number has to keep. */

/** `atMost` and `atLeast` are inclusive, in the unit of what they bound; ratios have none. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

/** Bounds of the median, of its ratio to the peer's, or of both. */
export interface Goal {
  readonly value?: Bound;
  readonly ratio?: Bound;
}

/** What one run measured. All numbers are in the benchmark's unit. */
export interface Samples {
  readonly own: readonly number[];
  /** As many as of our own where the two were measured in turn: then the ratio is the median of the pairs' ratios. */
  readonly peer?: readonly number[];
  readonly peerVersion?: string;
  /** What a reader has to know about this very run: fewer samples than usual, a rate that was found. */
  readonly note?: string;
}

export interface Context {
  /** Absolute folder of the checkout that is measured. */
  readonly checkout: string;
  /** Tells a person what goes on. */
  say(line: string): void;
}

export interface Benchmark {
  /** Lower-case words with hyphens; the key in docs/benchmarks.json. */
  readonly name: string;
  readonly unit: string;
  readonly goal: Goal;
  /** What it is compared with; absent where the goal is a bound alone. */
  readonly peer?: string;
  /** How it is measured, for the page that people read. */
  readonly method: string;
  /** Why it is left out unless it is named. */
  readonly onlyWhenNamed?: string;
  /** @throws Error when it could not be measured; nothing is ever guessed. */
  run(context: Context): Promise<Samples>;
}

/** Samples of which a median is taken, where a sample does not take minutes. */
export const SAMPLES = 5;
