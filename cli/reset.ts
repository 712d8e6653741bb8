import type { Command } from "commander";
import { Failure } from "./failure";
import type { Recorded } from "./backend/checkpoint";
import { resourcesOf } from "./backend/resources";
import { prepareMachine } from "./machine";
import { PROJECT } from "./project";
import { cancelStaleLock, forgetCommands } from "./recovery";
import { targetOf } from "./settings";
import { committedFile, prepareConfigFile, writtenSettings } from "./stack-config";
import { openTarget } from "./targets";
import type { DataItem } from "./targets/target";

interface Options {
  readonly stack: string;
  readonly yes?: true;
  readonly confirm?: string;
}

/** `./ralex reset`: removes a stack with its data, after it was named. */
export function registerReset(program: Command, checkout: string): void {
  program
    .command("reset")
    .description("remove the stack and all its data, secrets included; images and the ledger stay")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--yes", "do not ask; of an environment with promotesFrom this is not enough")
    .option("--confirm <stack>", "the stack's name, where nobody can be asked to type it")
    .action(async (options: Options) => {
      const { stack } = options;
      const content = committedFile(checkout, stack);
      requireConfirmation(options, isPromotedTo(writtenSettings(content)));
      const { workspace } = await prepareMachine(checkout, { docker: true, stacks: [stack] });
      const target = await openTarget(workspace, targetOf(checkout, stack));
      const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
      for (const line of losses(await target.data(stack), resources)) console.error(line);
      await confirmName(options);
      await cancelStaleLock(workspace, PROJECT, stack);
      await target.sweep(stack);
      await forgetCommands(workspace, PROJECT, stack);
      const file = await prepareConfigFile(workspace, PROJECT, stack, content);
      const name = await workspace.stackName(PROJECT, stack);
      // Whether anything is left to unprotect is no question: a reset that failed goes on here.
      if (resources.length > 0) await workspace.capture(["state", "unprotect", "--all", "--yes", "--stack", name]);
      await workspace.show(["destroy", "--yes", "--skip-preview", "--stack", stack, "--config-file", file]);
      console.log(`${stack} and its data are removed.`);
    });
}

const isPromotedTo = ({ promotesFrom }: Readonly<Record<string, unknown>>): boolean =>
  ![undefined, ""].includes(promotesFrom as string | undefined);

/** @throws Failure where the name is another one, or nobody can be asked for it. */
export function requireConfirmation({ stack, yes, confirm }: Options, promoted: boolean): void {
  if (confirm !== undefined && confirm !== stack) {
    throw new Failure(`nothing was removed: --confirm says ${confirm}, and the stack is ${stack}`);
  }
  if (confirm === stack || (yes === true && !promoted)) return;
  if (promoted && yes === true) {
    throw new Failure(
      `nothing was removed: releases are promoted to ${stack}, so --yes is not enough; say --confirm ${stack} too`,
    );
  }
  if (process.stdin.isTTY) return;
  const remedy = promoted ? `--confirm ${stack}` : `--yes or --confirm ${stack}`;
  throw new Failure(`nothing was removed: reset removes all data of ${stack}: say ${remedy} where nobody can be asked`);
}

async function confirmName({ stack, yes, confirm }: Options): Promise<void> {
  if (yes === true || confirm !== undefined) return;
  const { input } = await import("@inquirer/prompts");
  const typed = await input({ message: `Type ${stack} to remove all of this:` });
  if (typed.trim() !== stack) throw new Failure(`nothing was removed: ${typed.trim()} is not ${stack}`);
}

/** What there will be no more, a line each: data with its size, secrets, the certificate authority. */
function losses(data: readonly DataItem[], resources: readonly Recorded[]): readonly string[] {
  if (resources.length === 0) return [];
  const named = (type: string) =>
    resources.filter((resource) => resource.type === type).map(({ urn }) => urn.split("::").at(-1) ?? "");
  const secrets = named("random:index/randomPassword:RandomPassword").flatMap(
    (name) => /^ralex-secrets-(.*)/.exec(name)?.[1] ?? [],
  );
  const authority = named("tls:index/selfSignedCert:SelfSignedCert").length > 0;
  return [
    "This removes, for ever:",
    ...data.map(({ name, size }) => `  ${name} (${size})`),
    ...(secrets.length === 0 ? [] : [`  generated secrets: ${secrets.sort().join(", ")}`]),
    ...(authority ? ["  the certificate authority that browsers were told to trust"] : []),
  ];
}
