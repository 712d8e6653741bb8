/**
 * A command on target `recording`, run in a copy of the checkout as a process of its own: the real functions behind
 * `./ralex`, on a machine of which only Pulumi is asked. Its one argument is an {@link Action} as JSON.
 */
import * as path from "node:path";
import { LEDGER_PROJECT, type LedgerEntry } from "../../../components/image/ledger";
import { EXIT, Failure } from "../../../cli/failure";
import { prepareMachine } from "../../../cli/machine";
import type * as pipeline from "../../../cli/ci/preview";
import type * as record from "../../../cli/plan/record";
import type * as deployment from "../../../cli/release/deploy";
import type * as previews from "../../../cli/release/preview";
import { prepareConfigFile } from "../../../cli/stack-config";

export type Action =
  | { readonly do: "publish"; readonly stack: string; readonly entry: LedgerEntry }
  | { readonly do: "preview"; readonly stack: string; readonly savePlan: string; readonly policyPacks?: string[] }
  | {
      readonly do: "deploy";
      readonly stack: string;
      readonly ask?: true;
      readonly plan?: string;
      /** What Pulumi is told to do in the meantime, before a yes is answered. */
      readonly meanwhile?: readonly string[];
      readonly policyPacks?: string[];
    }
  | {
      /** Each stack's preview as a pipeline runs it, into a folder. */
      readonly do: "ci preview";
      readonly stacks: readonly string[];
      readonly results: string;
      readonly policyPacks?: string[];
      readonly plans?: string;
      readonly milliseconds?: number;
    }
  | { readonly do: "pulumi"; readonly args: readonly string[] };

const checkout = path.resolve(__dirname, "../../..");
const action = JSON.parse(process.argv[2] ?? "") as Action;

async function act(): Promise<void> {
  const machine = await prepareMachine(checkout, {});
  const { workspace } = machine;
  if (action.do === "pulumi") return console.log(await workspace.capture(action.args));
  if (action.do === "publish") {
    const content = { config: { [`${LEDGER_PROJECT}:entry`]: JSON.stringify(action.entry) } };
    const file = await prepareConfigFile(workspace, LEDGER_PROJECT, action.stack, content);
    const args = ["up", "--yes", "--skip-preview", "--stack", action.stack, "--config-file", file];
    await workspace.capture(args, path.join(checkout, "stacks/ledger"));
    return;
  }
  if (action.do === "ci preview") {
    const { previewAll, exitCodeOf } = (await import("../../../cli/ci/preview")) as typeof pipeline;
    const { stacks, results, policyPacks = [], plans, milliseconds } = action;
    const found = await previewAll(machine, stacks, { policyPacks, plans, milliseconds }, checkout, results);
    process.exitCode = exitCodeOf(found);
    return;
  }
  const { stack, policyPacks = [] } = action;
  const meanwhile = action.do === "deploy" ? action.meanwhile : undefined;
  answerYes(async () => void (meanwhile === undefined ? undefined : await workspace.capture(meanwhile)));
  if (action.do === "preview") {
    const { previewDeployment } = (await import("../../../cli/release/preview")) as typeof previews;
    return previewDeployment(machine, stack, { policyPacks, savePlan: action.savePlan });
  }
  const { deploy } = (await import("../../../cli/release/deploy")) as typeof deployment;
  const { readPlan } = (await import("../../../cli/plan/record")) as typeof record;
  const plan = action.plan === undefined ? undefined : { file: action.plan, record: readPlan(action.plan, stack) };
  await deploy(machine, stack, { ask: action.ask === true, policyPacks, plan });
}

/** Nobody is at a terminal: every question is answered with yes, after something was done. */
function answerYes(first: () => Promise<void>): void {
  const file = require.resolve("../../../cli/confirm");
  const requireYes = async (question: string): Promise<void> => {
    console.error(question);
    await first();
  };
  require.cache[file] = {
    ...module,
    id: file,
    filename: file,
    exports: { requireYes, requireTerminal: () => undefined },
  };
}

act().catch((error: unknown) => {
  console.error(`ralex: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof Failure ? error.exitCode : EXIT.error;
});
