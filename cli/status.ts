import Table from "cli-table3";
import type { Command } from "commander";
import { ralex } from "../components/command-line";
import { EXIT } from "./failure";
import { stateWorkspace } from "./machine";
import { targetOf } from "./settings";
import { openTarget } from "./targets";
import type { Instance, InstanceHealth } from "./targets/target";

/** Healths that are not as they should be; `starting` is on its way, and `-` has no check and runs. */
const WRONG: readonly InstanceHealth[] = ["unhealthy", "failed", "not running"];

/** `./ralex status`: everything of the stack that its platform knows; exit code 1 when one is not as it should be. */
export function registerStatus(program: Command, checkout: string): void {
  program
    .command("status")
    .description("show everything of the stack that its platform knows: state, health and image")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--json", "print JSON")
    .action(async ({ stack, json }: { stack: string; json?: true }) => {
      const target = await openTarget(await stateWorkspace(checkout), targetOf(checkout, stack));
      const instances = await target.instances(stack);
      if (json === true) console.log(JSON.stringify(instances, null, 2));
      else if (instances.length === 0) console.log(`nothing of ${stack} runs: ${ralex("start", "-s", stack)}`);
      else console.log(statusTable(instances));
      if (instances.some(({ health }) => WRONG.includes(health))) process.exitCode = EXIT.error;
    });
}

/** Most characters of an instance's name and of an image in a line; with the other columns they fill 100. */
const WIDEST = { name: 34, image: 30 } as const;
/** On each side of what is in a cell. */
const PADDING = 1;

/** The instances in lines of at most 100 characters; `--json` has whole digests. */
export function statusTable(instances: readonly Instance[]): string {
  const rows = instances.map(({ name, state, health, image }) => [name, state, health, shortImage(image)]);
  const width = (column: number, widest: number): number | null =>
    rows.some((row) => (row[column] ?? "").length > widest) ? widest + 2 * PADDING : null;
  const table = new Table({
    head: ["instance", "state", "health", "image"],
    style: { head: [], border: [] },
    colWidths: [width(0, WIDEST.name), null, null, width(3, WIDEST.image)],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  table.push(...rows);
  return table.toString();
}

/** `registry/path/name@sha256:<64 digits>` as `name@<12 digits>`, which is what Docker shows of a digest. */
const shortImage = (image: string): string =>
  image.replace(/^.*\/(?=[^/]+$)/, "").replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1") || "-";
