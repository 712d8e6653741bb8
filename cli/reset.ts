import * as fs from "node:fs";
import type { Command } from "commander";
import { requireTerminal, requireYes } from "./confirm";
import { prepareMachine } from "./machine";
import { cancelStaleLock, sweepOrphans } from "./recovery";
import { committedFile, prepareConfigFile } from "./stack-config";
import { PROJECT } from "./update";

/** `./ralex reset`: removes a stack with its data. */
export function registerReset(program: Command, checkout: string): void {
  program
    .command("reset")
    .description("remove the stack and all its data, secrets included; images stay")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--yes", "do not ask")
    .action(async ({ stack, yes }: { stack: string; yes?: true }) => {
      const content = committedFile(checkout, stack);
      if (yes !== true) {
        requireTerminal(`reset removes all data of ${stack}`);
        await requireYes(`Remove ${stack} with its databases, chats, keys and certificates?`, "nothing was removed");
      }
      const { workspace, docker } = await prepareMachine(checkout, { docker: true });
      await cancelStaleLock(workspace, PROJECT, stack);
      await sweepOrphans(workspace, docker, PROJECT, stack);
      const file = await prepareConfigFile(workspace, PROJECT, stack, content);
      await workspace.show(["destroy", "--yes", "--skip-preview", "--stack", stack, "--config-file", file]);
      // Interrupted updates may have left files of services that no resource knows of.
      fs.rmSync(workspace.path("files", stack), { recursive: true, force: true });
      console.log(`${stack} and its data are removed.`);
    });
}
