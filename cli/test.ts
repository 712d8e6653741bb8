import type { Command } from "commander";
import { chooseToolchain } from "./toolchain";
import { cleanUp, compileAhead, summarise, TIERS, timesTable, type TierResult } from "../tests/support/tiers";

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
      const results: TierResult[] = [];
      const tiers = TIERS.filter(({ name, isNightly }) =>
        names.length === 0 ? isNightly !== true : names.includes(name),
      );
      const endCompiling = (await chooseToolchain(checkout)) === "local" ? compileAhead(checkout, tiers) : undefined;
      for (const tier of tiers) {
        const started = Date.now();
        console.log(`tier ${tier.name}: running`);
        const reason = await tier.prepare?.(checkout).then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
        const counts = reason === undefined ? await tier.run(checkout, match) : { passed: 0, failed: 0 };
        const seconds = (Date.now() - started) / 1000;
        const outcome =
          reason === undefined ? `${counts.passed} passed, ${counts.failed} failed` : `skipped, since ${reason}`;
        console.log(`tier ${tier.name}: ${outcome} (${seconds.toFixed(1)} s)`);
        results.push({ tier: tier.name, seconds, ...counts, ...(reason === undefined ? {} : { skipped: reason }) });
      }
      endCompiling?.();
      await cleanUp();
      // Once more where it is read: what went before may be thousands of lines.
      for (const failure of results.flatMap(({ failures = [] }) => failures)) console.log(`failed: ${failure}`);
      const { line, ok } = summarise(results, process.env.CI === "true");
      console.log(timesTable(results));
      console.log(line);
      process.exitCode = ok ? 0 : 1;
    });
}
