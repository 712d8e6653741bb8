/**
 * What a command of this checkout does around Pulumi and nothing else: settles the stack's lock, then runs Pulumi with
 * the arguments. `node --require toolchain/typescript.js pulumi-command.ts <folder> <project> <stack> <pulumi…>`; the tools
 * are those of the environment.
 */
import { Failure, EXIT } from "../../cli/failure";
import { cancelStaleLock } from "../../cli/recovery";
import { Workspace } from "../../cli/workspace";

const [folder = "", project = "", stack = "", ...args] = process.argv.slice(2);

async function run(): Promise<void> {
  const workspace = new Workspace(folder, { env: {}, standIns: [] });
  await cancelStaleLock(workspace, project, stack);
  await workspace.show([...args, "--stack", stack], folder);
}

run().catch((error: unknown) => {
  console.error(`ralex: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof Failure ? error.exitCode : EXIT.error;
});
