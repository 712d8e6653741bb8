import Table from "cli-table3";
import type { Command } from "commander";
import execa from "execa";
import { identityOf } from "../components/docker/identity";
import { VERIFY_COMMAND, type VerificationInput } from "../components/docker/verification";
import type { Verification } from "../components/app/outputs";
import { expectedContainers } from "./drift/containers";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import { readOutputs } from "./outputs";

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
      const { prefix } = identityOf(stack, checkout);
      const input: VerificationInput = { probe: `${prefix}-probe`, containers: expectedContainers(prefix, services) };
      console.error(`checking ${Object.keys(input.containers).length} containers and the endpoints of ${stack}`);
      const { stdout, stderr } = await execa("sh", ["-c", VERIFY_COMMAND], {
        input: JSON.stringify(input),
        reject: false,
      });
      if (stdout === "") throw new Failure(`the checks could not run:\n${stderr}`);
      const result = JSON.parse(stdout) as Verification;
      if (json === true) console.log(JSON.stringify(result, null, 2));
      else {
        const table = new Table({ head: ["check", "result", "seen"], style: { head: [], border: [] }, wordWrap: true });
        for (const { name, passed, detail } of result.checks) table.push([name, passed ? "passed" : "FAILED", detail]);
        console.log(table.toString());
      }
      if (!result.passed) process.exitCode = EXIT.error;
    });
}
