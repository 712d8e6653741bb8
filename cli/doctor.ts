import type { Command } from "commander";
import { stateChecks } from "./doctor/state";
import { EXIT } from "./failure";
import { isOfficial } from "./machine";

/** `./ralex doctor`: what the machine has, what it lacks and how to get it, and whether the state fits its plugins. */
export function registerDoctor(program: Command, checkout: string): void {
  program
    .command("doctor")
    .description("check what this machine has, what it lacks, and say how to get it")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const { describeMachine } = await import("../toolchain");
      const states = stateChecks(checkout, !isOfficial(), process.env.PULUMI_BACKEND_URL);
      const checks = [...(await describeMachine()), ...states];
      if (json === true) console.log(JSON.stringify(checks, null, 2));
      else {
        for (const { name, ok, detail, remedy } of checks) {
          console.log(
            `${ok ? "ok     " : "wrong  "}  ${name}: ${detail}${ok || remedy === undefined ? "" : `\n         ${remedy}`}`,
          );
        }
      }
      if (checks.some(({ ok }) => !ok)) process.exitCode = EXIT.error;
    });
}
