import type { Command } from "commander";
import { EXIT, Failure } from "./failure";

/** `./ralex bench [names...]`: what `npm run bench` runs. */
export function registerBench(program: Command, checkout: string): void {
  program
    .command("bench")
    .description("measure, compare with peers, and write docs/benchmarks.md and docs/benchmarks.json")
    .argument("[names...]", "benchmarks; by default all that need nothing special")
    .option("--list", "print what there is, and run nothing")
    .option("--json", "print the results of this run as JSON")
    .addHelpText("after", "\nExit code 1 when a benchmark could not run or missed its goal.")
    .action(async (names: string[], { list, json }: { list?: true; json?: true }) => {
      const { BENCHMARKS } = await import("../tests/bench");
      const { goalText } = await import("../tests/bench/results");
      if (list === true) {
        for (const { name, goal, unit, onlyWhenNamed } of BENCHMARKS) {
          const reason = onlyWhenNamed === undefined ? "" : ` (only when named: ${onlyWhenNamed})`;
          console.log(`${name}: ${goalText(goal, unit)}${reason}`);
        }
        return;
      }
      const { chosen, runBenchmarks } = await import("../tests/bench/run");
      const { terminalTable } = await import("../tests/bench/page");
      let benchmarks;
      try {
        benchmarks = chosen(names);
      } catch (error) {
        throw new Failure((error as Error).message);
      }
      const results = await runBenchmarks(checkout, benchmarks);
      console.log(json === true ? JSON.stringify(results, null, 2) : terminalTable(results));
      if (results.some(({ met }) => !met)) process.exitCode = EXIT.error;
    });
}
