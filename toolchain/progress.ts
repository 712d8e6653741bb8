/**
 * Reports long steps on stderr: what goes on after 3 seconds, how far it is after 30.
 *
 * Steps may run side by side. On a terminal one line shows all of them; elsewhere each step has lines of its own.
 */

const ANNOUNCE_AFTER_MS = 3_000;
const REPORT_EVERY_MS = 30_000;

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What a running step may tell. */
export interface Progress {
  /** Real counts, e.g. `update(3, 12, "images")`; without them the elapsed time is compared with the expected. */
  update(done: number, total: number, unit: string): void;
}

interface Step {
  readonly title: string;
  readonly startedMs: number;
  readonly expectedSeconds: number | undefined;
  counts?: string;
  reportedMs?: number;
}

export class Reporter {
  private readonly running = new Set<Step>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly output: Output = process.stderr,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Runs `work` as a step.
   * @param expectedSeconds how long it takes on two cores with nothing cached; leave out when nobody measured it
   */
  async step<T>(title: string, expectedSeconds: number | undefined, work: (progress: Progress) => Promise<T>) {
    const step: Step = { title, startedMs: this.now(), expectedSeconds };
    this.running.add(step);
    this.timer ??= setInterval(() => this.tick(), 1_000).unref();
    let outcome = "failed";
    try {
      const result: T = await work({ update: (done, total, unit) => (step.counts = `${done} of ${total} ${unit}`) });
      outcome = "done";
      return result;
    } finally {
      this.finish(step, outcome);
    }
  }

  /** Shows what is due. Called once a second. */
  tick(): void {
    const due = [...this.running].filter((step) => this.now() - step.startedMs >= ANNOUNCE_AFTER_MS);
    if (due.length === 0) return;
    if (this.output.isTTY === true) {
      const line = due.map((step) => this.describe(step)).join(" | ");
      this.output.write(`\r\x1b[K${line.slice(0, (this.output.columns ?? 80) - 1)}`);
      return;
    }
    for (const step of due) {
      const sinceReport = step.reportedMs === undefined ? Infinity : this.now() - step.reportedMs;
      if (sinceReport < REPORT_EVERY_MS) continue;
      this.output.write(`${step.reportedMs === undefined ? `${step.title} …` : this.describe(step)}\n`);
      step.reportedMs = this.now();
    }
  }

  private finish(step: Step, outcome: string): void {
    this.running.delete(step);
    if (this.running.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    const elapsedMs = this.now() - step.startedMs;
    if (elapsedMs < ANNOUNCE_AFTER_MS) return;
    const clear = this.output.isTTY === true ? "\r\x1b[K" : "";
    this.output.write(`${clear}${step.title}: ${outcome} after ${seconds(elapsedMs)}\n`);
  }

  private describe(step: Step): string {
    const elapsed = seconds(this.now() - step.startedMs);
    const expected = step.expectedSeconds === undefined ? "" : ` of about ${step.expectedSeconds} s`;
    return `${step.title}: ${step.counts === undefined ? "" : `${step.counts}, `}${elapsed}${expected}`;
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** The process's own reporter. */
export const progress = new Reporter();
