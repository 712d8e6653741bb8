import type { Command } from "commander";
import { requireTerminal } from "./confirm";
import { DATABASE_RESTORED, deploy, pinnedFile } from "./release/deploy";
import { publish } from "./release/publish";
import { prepareMachine } from "./machine";

/** `./ralex deploy` and `./ralex publish`. */
export function registerDeploy(program: Command, checkout: string): void {
  program
    .command("deploy")
    .description("bring an environment to its pinned release, verify it, and record it in the environment's ledger")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--yes", "do not show a preview, and do not ask")
    .option("--database-restored", DATABASE_RESTORED)
    .action(async ({ stack, yes, databaseRestored }: { stack: string; yes?: true; databaseRestored?: true }) => {
      // Told before anything is installed or started.
      pinnedFile(checkout, stack);
      if (yes !== true) requireTerminal(`deploy changes ${stack}`);
      const machine = await prepareMachine(checkout, { images: true });
      await deploy(machine, stack, { ask: yes !== true, isRestored: databaseRestored });
    });
  program
    .command("publish")
    .description("record the release that an environment runs and has verified in its ledger: the last step of deploy")
    .requiredOption("-s, --stack <stack>", "the environment")
    .action(async ({ stack }: { stack: string }) => {
      const { pin } = pinnedFile(checkout, stack);
      const { workspace } = await prepareMachine(checkout, {});
      const { entry, added } = await publish(workspace, stack, pin);
      console.log(
        added
          ? `${entry.id} is in the ledger of ${stack}: verified at ${entry.at}, published by ${entry.actor}.`
          : `the ledger of ${stack} has ${entry.id} of ${entry.at} already.`,
      );
    });
}
