import type { Command } from "commander";
import { prepareMachine } from "./machine";
import { maskedOutputs, readOutput } from "./outputs";

/** `./ralex output [name]`: one value alone, for scripts, or all of them with secrets masked. */
export function registerOutput(program: Command, checkout: string): void {
  program
    .command("output")
    .description("print one output of the stack alone, or all of them with secrets masked")
    .argument("[name]", "an output, apiKey for instance")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--json", "print JSON")
    .action(async (name: string | undefined, { stack, json }: { stack: string; json?: true }) => {
      const { workspace } = await prepareMachine(checkout, {});
      if (name === undefined) {
        console.log(JSON.stringify(await maskedOutputs(workspace, stack), null, 2));
        return;
      }
      const value = await readOutput(workspace, stack, name);
      console.log(
        typeof value === "string" && json !== true ? value : JSON.stringify(value, null, json === true ? 2 : 0),
      );
    });
}
