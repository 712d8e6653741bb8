import type { Command } from "commander";
import execa from "execa";
import { SERVICE_LABEL } from "../components/docker/labels";
import { containersOf } from "./deployment";
import { runningEngine } from "./engine";
import { Failure } from "./failure";
import { stateWorkspace } from "./machine";

/** `./ralex logs <service>`: what a service's containers wrote. */
export function registerLogs(program: Command, checkout: string): void {
  program
    .command("logs")
    .description("show what a service wrote; the log search has all services together")
    .argument("<service>", "api, openwebui, postgres …")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("-f, --follow", "go on showing new lines")
    .option("-n, --lines <lines>", "how many of the last lines", "200")
    .action(async (service: string, { stack, follow, lines }: { stack: string; follow?: true; lines: string }) => {
      const { docker, variables } = await runningEngine();
      const all = await containersOf(await stateWorkspace(checkout), docker, stack);
      const chosen = all.filter(({ Labels }) => Labels[SERVICE_LABEL] === service);
      if (chosen.length === 0) {
        const known = [...new Set(all.map(({ Labels }) => Labels[SERVICE_LABEL]))].sort().join(", ");
        throw new Failure(
          `${stack} has no service ${service}; ${known === "" ? "it is not running" : `it has ${known}`}`,
        );
      }
      const flags = [...(follow === true ? ["--follow"] : []), "--tail", lines];
      await Promise.all(
        chosen.map(({ Id }) => execa("docker", ["logs", ...flags, Id], { env: { ...variables }, stdio: "inherit" })),
      );
    });
}
