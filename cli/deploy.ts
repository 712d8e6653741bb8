import type { Command } from "commander";
import { requireTerminal } from "./confirm";
import { policyPackOption, policyPacks } from "./plan/policy-packs";
import { readPlan } from "./plan/record";
import { deploy } from "./release/deploy";
import { DATABASE_RESTORED, pinnedFile } from "./release/pinned";
import { previewDeployment } from "./release/preview";
import { publish } from "./release/publish";
import { prepareMachine } from "./machine";

interface DeployCommand {
  readonly stack: string;
  readonly plan?: string;
  readonly policyPack: readonly string[];
  readonly yes?: true;
  readonly databaseRestored?: true;
}

interface PreviewCommand {
  readonly stack: string;
  readonly savePlan?: string;
  readonly policyPack: readonly string[];
  readonly databaseRestored?: true;
}

/** `./ralex preview`, `./ralex deploy` and `./ralex publish`. */
export function registerDeploy(program: Command, checkout: string): void {
  program
    .command("preview")
    .description("show what a deployment of an environment's pinned release would change, and change nothing")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--save-plan <file>", "keep the plan, for deploy --plan on this machine or another one")
    .addOption(policyPackOption())
    .option("--database-restored", DATABASE_RESTORED)
    .action(async ({ stack, savePlan, policyPack, databaseRestored }: PreviewCommand) => {
      // Told before anything is installed or started.
      pinnedFile(checkout, stack);
      const packs = policyPacks(checkout, policyPack);
      const machine = await prepareMachine(checkout, { stacks: [stack], images: true });
      await previewDeployment(machine, stack, { policyPacks: packs, savePlan, isRestored: databaseRestored });
    });
  program
    .command("deploy")
    .description("bring an environment to its pinned release, verify it, and record it in the environment's ledger")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--plan <file>", "apply the plan that ./ralex preview --save-plan has kept, or nothing")
    .addOption(policyPackOption())
    .option("--yes", "do not ask")
    .option("--database-restored", DATABASE_RESTORED)
    .action(async ({ stack, plan, policyPack, yes, databaseRestored }: DeployCommand) => {
      pinnedFile(checkout, stack);
      const packs = policyPacks(checkout, policyPack);
      const brought = plan === undefined ? undefined : { file: plan, record: readPlan(plan, stack) };
      if (yes !== true) requireTerminal(`deploy changes ${stack}`);
      const machine = await prepareMachine(checkout, { stacks: [stack], images: true });
      const options = { ask: yes !== true, isRestored: databaseRestored, policyPacks: packs, plan: brought };
      await deploy(machine, stack, options);
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
