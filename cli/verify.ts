import Table from "cli-table3";
import type { Command } from "commander";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import { readOutputs } from "./outputs";
import { targetOf } from "./settings";
import { openTarget } from "./targets";

/** `./ralex verify`: asks the running deployment again; what the stack has recorded stays as it is. */
export function registerVerify(program: Command, checkout: string): void {
  program
    .command("verify")
    .description("run the deployment's own checks again on what runs now; exit code 1 when one fails")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--json", "print JSON")
    .action(async ({ stack, json }: { stack: string; json?: true }) => {
      const { workspace } = await prepareMachine(checkout, { docker: true });
      const { services, verification } = await readOutputs(workspace, stack);
      if (verification.at === null) {
        throw new Failure(`${stack} has no checks: they belong to a pinned release (./ralex promote, ./ralex deploy)`);
      }
      const target = await openTarget(workspace, targetOf(checkout, stack));
      const result = await target.verify(stack, services);
      if (json === true) console.log(JSON.stringify(result, null, 2));
      else {
        const table = new Table({ head: ["check", "result", "seen"], style: { head: [], border: [] }, wordWrap: true });
        for (const { name, passed, detail } of result.checks) table.push([name, passed ? "passed" : "FAILED", detail]);
        console.log(table.toString());
      }
      if (!result.passed) process.exitCode = EXIT.error;
    });
}
