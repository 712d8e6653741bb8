import type { Command } from "commander";
import { officialChecks } from "./builder";
import { stateChecks } from "./doctor/state";
import { targetChecks } from "./doctor/targets";
import { EXIT } from "./failure";
import { chooseToolchain } from "./toolchain";
import { Workspace } from "./workspace";

/** `./ralex doctor`: what the machine has, what it lacks and how to get it, and whether the state fits its plugins. */
export function registerDoctor(program: Command, checkout: string): void {
  program
    .command("doctor")
    .description("check what this machine has, what it lacks, and say how to get it")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const official = (await chooseToolchain(checkout)) === "official";
      // Of the toolchain nothing is used where the official CLI is, and so nothing of it can be missing there.
      const machine = official
        ? await officialChecks(checkout)
        : await (await import("../toolchain")).describeMachine();
      const checks = [
        ...machine,
        ...(await stateChecks(checkout, !official, process.env.PULUMI_BACKEND_URL)),
        ...(await targetChecks(new Workspace(checkout, { env: {}, standIns: [] }))),
      ];
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
