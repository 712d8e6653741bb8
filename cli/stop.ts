import type { Command } from "commander";
import { ralex } from "../components/command-line";
import { prepareMachine } from "./machine";
import { committedFile, withRunning } from "./stack-config";
import { updateStack } from "./update";

/** `./ralex stop`: what `npm stop` runs. Data, secrets, certificates and networks stay in the stack. */
export function registerStop(program: Command, checkout: string): void {
  program
    .command("stop")
    .description("stop the services; data, secrets and networks stay, and start goes on from there")
    .option("-s, --stack <stack>", "the environment", "dev")
    .action(async ({ stack }: { stack: string }) => {
      const file = committedFile(checkout, stack);
      const machine = await prepareMachine(checkout, { docker: true, stacks: [stack] });
      await updateStack(machine, stack, withRunning(file, false));
      console.log(`Ralex (${stack}) is stopped; ${ralex("start", "-s", stack)} goes on from here.`);
    });
}
