import type { Command } from "commander";
import { ralex } from "../components/command-line";
import { alertBody, readReceiver, sendAlert } from "./drift/alert";
import { refreshed } from "./drift/engine";
import { driftTable, type Difference } from "./drift/report";
import { lastUpdate, settingDifferences } from "./drift/settings";
import { EXIT } from "./failure";
import { prepareMachine, type Machine } from "./machine";
import { readOutputs } from "./outputs";
import { cancelStaleLock } from "./recovery";
import { committedFile, prepareConfigFile } from "./stack-config";
import { PROJECT } from "./project";
import { targetOf } from "./settings";
import { openTarget } from "./targets";

interface Options {
  readonly stack: string;
  readonly json?: true;
  readonly alert?: string;
}

/** `./ralex drift`: what runs against what the stack, its images and its file say. Changes nothing. */
export function registerDrift(program: Command, checkout: string): void {
  program
    .command("drift")
    .description("compare what runs with the stack, its images and its committed settings; exit code 3 for drift")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--json", "print JSON")
    .option(
      "--alert <url>",
      "on drift, post it to Alertmanager (…/api/v2/alerts) or a chat's webhook; @file: it is there",
    )
    .action(async ({ stack, json, alert }: Options) => {
      const receiver = alert === undefined ? undefined : readReceiver(alert);
      committedFile(checkout, stack);
      const machine = await prepareMachine(checkout, { docker: true, stacks: [stack] });
      const differences = await findDrift(machine, stack);
      if (json === true) console.log(JSON.stringify({ stack, drift: differences.length > 0, differences }, null, 2));
      else if (differences.length > 0) console.log(driftTable(differences));
      else console.log(`${stack} is as it was deployed: no resource, image or setting differs.`);
      if (differences.length === 0) return;
      process.exitCode = EXIT.drift;
      // A new pin is no accident: it is deployed, verified and published, not put right.
      const isPinned = differences.some(({ from, property }) => from === "setting" && property === "release");
      const remedy = isPinned
        ? `${ralex("deploy", "-s", stack)} brings what is pinned`
        : `${ralex("start", "-s", stack, "--refresh")} puts it right`;
      console.error(`${differences.length} differ: ${remedy}.`);
      if (receiver === undefined) return;
      // Who cannot be told is an error; that there is drift stays the answer.
      await sendAlert(receiver, alertBody(receiver.url, stack, differences)).catch((error: unknown) => {
        console.error(`ralex: ${error instanceof Error ? error.message : String(error)}`);
      });
    });
}

/** @throws Failure when one of the three cannot be asked: drift that nobody looked for is no "none". */
async function findDrift({ workspace }: Machine, stack: string): Promise<readonly Difference[]> {
  const file = committedFile(workspace.checkout, stack);
  const { services } = await readOutputs(workspace, stack);
  await cancelStaleLock(workspace, PROJECT, stack);
  const configFile = await prepareConfigFile(workspace, PROJECT, stack, file);
  const [resources, updated] = await Promise.all([
    refreshed(workspace, stack, configFile),
    lastUpdate(workspace, stack),
  ]);
  const told = new Set(resources.flatMap(({ physicalName }) => (physicalName === undefined ? [] : [physicalName])));
  const target = await openTarget(workspace, targetOf(workspace.checkout, stack));
  return [
    ...resources.map(({ physicalName: _, ...difference }) => difference),
    ...(await target.differences(stack, services, told)),
    ...(updated === undefined ? [] : settingDifferences(`Pulumi.${stack}.yaml`, file, updated)),
  ];
}
