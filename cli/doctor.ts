import type { Command } from "commander";
import { EXIT } from "./failure";

/** `./ralex doctor`: what the machine has, what it lacks and how to get it. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check what this machine has, what it lacks, and say how to get it")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const { describeMachine } = await import("../toolchain");
      const checks = await describeMachine();
      if (json === true) console.log(JSON.stringify(checks, null, 2));
      else {
        for (const { name, ok, detail, remedy } of checks) {
          console.log(
            `${ok ? "ok     " : "missing"}  ${name}: ${detail}${ok || remedy === undefined ? "" : `\n         ${remedy}`}`,
          );
        }
      }
      if (checks.some(({ ok }) => !ok)) process.exitCode = EXIT.error;
    });
}
