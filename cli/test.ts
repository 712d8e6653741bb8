import type { Command } from "commander";
import { chooseToolchain } from "./toolchain";
import {
  cleanUp,
  compileAhead,
  summarise,
  TIERS,
  timesTable,
  type Tier,
  type TierResult,
} from "../tests/support/tiers";

/** `./ralex test [tier...]`: every tier this machine can run, or the named ones. */
export function registerTest(program: Command, checkout: string): void {
  program
    .command("test")
    .description("run the tests, tier by tier")
    .argument(
      "[tiers...]",
      `any of ${TIERS.map((tier) => tier.name).join(", ")}; by default all but those of the night`,
    )
    .option("--match <pattern>", "of the tiers of TypeScript tests: only files whose path matches")
    .action(async (names: string[], { match }: { match?: string }) => {
      const unknown = names.filter((name) => !TIERS.some((tier) => tier.name === name));
      if (unknown.length > 0) {
        throw new Error(
          `no tier is called ${unknown.join(", ")}: choose from ${TIERS.map((tier) => tier.name).join(", ")}`,
        );
      }
      const tiers = TIERS.filter(({ name, isNightly }) =>
        names.length === 0 ? isNightly !== true : names.includes(name),
      );
      const began = Date.now();
      const endCompiling = (await chooseToolchain(checkout)) === "local" ? compileAhead(checkout, tiers) : undefined;
      const results = await runTiers(tiers, checkout, match);
      endCompiling?.();
      await cleanUp();
      // Once more where it is read: what went before may be thousands of lines.
      for (const failure of results.flatMap(({ failures = [] }) => failures)) console.log(`failed: ${failure}`);
      const { line, ok } = summarise(results, process.env.CI === "true");
      console.log(timesTable(results, secondsSince(began)));
      console.log(line);
      process.exitCode = ok ? 0 : 1;
    });
}

const secondsSince = (began: number): number => (Date.now() - began) / 1000;

/** One after the other; those that may go on beside others do so from where they stand, one of them at a time. */
async function runTiers(tiers: readonly Tier[], checkout: string, match: string | undefined): Promise<TierResult[]> {
  const running: Promise<TierResult>[] = [];
  let beside: Promise<unknown> = Promise.resolve();
  for (const [index, tier] of tiers.entries()) {
    const isBeside = tier.isBeside === true && index < tiers.length - 1;
    const started = Date.now();
    console.log(`tier ${tier.name}: running${isBeside ? " beside those that follow" : ""}`);
    // What is installed for two tiers is installed once.
    const reason = await tier.prepare?.(checkout).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const result = (isBeside ? beside : Promise.resolve()).then(() =>
      runTier(tier, { checkout, match, isBeside, reason, started }),
    );
    running.push(result);
    if (isBeside) beside = result;
    else await result;
  }
  return Promise.all(running);
}

interface TierRun {
  readonly checkout: string;
  readonly match: string | undefined;
  readonly isBeside: boolean;
  /** Why it cannot run. */
  readonly reason: string | undefined;
  /** In milliseconds since 1970. */
  readonly started: number;
}

async function runTier(tier: Tier, { checkout, match, isBeside, reason, started }: TierRun): Promise<TierResult> {
  const failed = (error: unknown) => ({ passed: 0, failed: 1, failures: [`${tier.name}: ${String(error)}`] });
  const counts =
    reason === undefined ? await tier.run(checkout, match, isBeside).catch(failed) : { passed: 0, failed: 0 };
  const seconds = secondsSince(started);
  const outcome =
    reason === undefined ? `${counts.passed} passed, ${counts.failed} failed` : `skipped, since ${reason}`;
  console.log(`tier ${tier.name}: ${outcome} (${seconds.toFixed(1)} s)`);
  return { tier: tier.name, seconds, ...counts, ...(reason === undefined ? {} : { skipped: reason }) };
}
