/** Whether the platforms of the stacks have what these need. */
import type { MachineCheck } from "../../toolchain/describe";
import { settingsOf } from "../settings";
import { committedFile, stackNames } from "../stack-config";
import { openTarget } from "../targets";
import type { Workspace } from "../workspace";

/** Every stack that somebody described; one whose settings are wrong is told of as that. */
export async function targetChecks(workspace: Workspace): Promise<readonly MachineCheck[]> {
  const { checkout } = workspace;
  const checks = stackNames(checkout).map(async (stack): Promise<readonly MachineCheck[]> => {
    try {
      const settings = settingsOf(checkout, stack, committedFile(checkout, stack));
      return await (await openTarget(workspace, settings.target)).inspect(stack, settings);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return [{ name: `stack ${stack}`, ok: false, detail, remedy: `put Pulumi.${stack}.yaml right` }];
    }
  });
  return (await Promise.all(checks)).flat();
}
