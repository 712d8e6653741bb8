import type { Command } from "commander";
import { Failure } from "./failure";
import { prepareMachine } from "./machine";
import { committedFile } from "./stack-config";
import { PROJECT, updateStack } from "./update";
import type { Workspace } from "./workspace";

/** Name of the component that holds the generated secrets, and the start of theirs. */
const SECRETS = "ralex-secrets-";

/** `./ralex rotate <secret>`: makes a new value and brings it to every service that uses it. */
export function registerRotate(program: Command, checkout: string): void {
  program
    .command("rotate")
    .description("replace a generated secret; every service that uses it is replaced with it")
    .argument("<secret>", "a generated secret, apiKey for instance")
    .option("-s, --stack <stack>", "the environment", "dev")
    .action(async (secret: string, { stack }: { stack: string }) => {
      const file = committedFile(checkout, stack);
      const machine = await prepareMachine(checkout, { docker: true });
      const urn = await urnOf(machine.workspace, stack, secret);
      await updateStack(machine, stack, file, ["--replace", urn]);
      console.log(`${secret} of ${stack} has a new value.`);
    });
}

async function urnOf(workspace: Workspace, stack: string, secret: string): Promise<string> {
  const args = ["stack", "export", "--stack", `organization/${PROJECT}/${stack}`];
  const state = JSON.parse(await workspace.capture(args)) as {
    deployment: { resources?: readonly { urn: string }[] };
  };
  const urns = new Map(
    (state.deployment.resources ?? [])
      .map(({ urn }) => [urn.split("::").at(-1) ?? "", urn] as const)
      .filter(([name]) => name.startsWith(SECRETS)),
  );
  const urn = urns.get(`${SECRETS}${secret}`);
  if (urn !== undefined) return urn;
  const known = [...urns.keys()].map((name) => name.slice(SECRETS.length)).sort();
  throw new Failure(
    `${stack} has no generated secret ${secret}; it has ${known.join(", ") || "none: it was never started"}`,
  );
}
