import { InvalidArgumentError, type Command } from "commander";
import { stateWorkspace } from "./machine";
import { targetOf } from "./settings";
import { openTarget } from "./targets";

interface Options {
  readonly stack: string;
  readonly follow?: true;
  readonly lines: number;
}

/** `./ralex logs <service>`: what a service wrote. */
export function registerLogs(program: Command, checkout: string): void {
  program
    .command("logs")
    .description("show what a service wrote; the log search has all services together")
    .argument("<service>", "api, openwebui, postgres …")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("-f, --follow", "go on showing new lines")
    .option("-n, --lines <lines>", "how many of the last lines", count, 200)
    .action(async (service: string, { stack, follow, lines }: Options) => {
      const target = await openTarget(await stateWorkspace(checkout), targetOf(checkout, stack));
      await target.logs(stack, service, { follow: follow === true, lines });
    });
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("give a whole number");
  return Number(text);
}
