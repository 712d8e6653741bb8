import type { Command } from "commander";
import { summarise, TIERS, type TierResult } from "../tests/support/tiers";

/** `./ralex test [tier...]`: every tier this machine can run, or the named ones. */
export function registerTest(program: Command, checkout: string): void {
  program
    .command("test")
    .description("run the tests, tier by tier")
    .argument("[tiers...]", `any of ${TIERS.map((tier) => tier.name).join(", ")}; all of them by default`)
    .action(async (names: string[]) => {
      const unknown = names.filter((name) => !TIERS.some((tier) => tier.name === name));
      if (unknown.length > 0) {
        throw new Error(
          `no tier is called ${unknown.join(", ")}: choose from ${TIERS.map((tier) => tier.name).join(", ")}`,
        );
      }
      const results: TierResult[] = [];
      for (const tier of TIERS.filter(({ name }) => names.length === 0 || names.includes(name))) {
        const started = Date.now();
        console.log(`tier ${tier.name}: running`);
        const counts = await tier.run(checkout);
        const seconds = (Date.now() - started) / 1000;
        console.log(`tier ${tier.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds.toFixed(1)} s`);
        results.push({ tier: tier.name, seconds, ...counts });
      }
      const { line, ok } = summarise(results, process.env.CI === "true");
      console.log(line);
      process.exitCode = ok ? 0 : 1;
    });
}
