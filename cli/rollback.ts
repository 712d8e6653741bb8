import Table from "cli-table3";
import type { Command } from "commander";
import { withProbe } from "../components/app/model";
import { describeRalex } from "../components/app/ralex";
import { isRelease, type LedgerEntry } from "../components/image/ledger";
import type { Pin } from "../components/image/pin-check";
import { rollbackTarget } from "../components/image/rollback";
import type { Settings } from "../components/settings/schema";
import { requireTerminal, requireYes } from "./confirm";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import { deploy, pinnedFile } from "./release/deploy";
import { writePin } from "./release/pin";
import { notOnEngine, unpullable } from "./release/registry-check";
import { builtReleases, ledgerOf } from "./release/stacks";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";

interface Options {
  readonly stack: string;
  readonly to?: string;
  readonly list?: true;
  readonly json?: true;
  readonly yes?: true;
}

/** `./ralex rollback`: pins an earlier release of the environment's own ledger, and deploys it. */
export function registerRollback(program: Command, checkout: string): void {
  program
    .command("rollback")
    .description("go back to an earlier release of the environment's own ledger: pin it, apply, verify, publish")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--to <release>", "another release than the one before the present one")
    .option("--list", "show what can be gone back to, and change nothing")
    .option("--json", "with --list: print JSON")
    .option("--yes", "do not ask")
    .action(async ({ stack, to, list, json, yes }: Options) => {
      const machine = await prepareMachine(checkout, list === true ? { docker: true } : { images: true });
      const { workspace, docker } = machine;
      const ledger = (await ledgerOf(workspace, stack)) ?? [];
      const settings = settingsOf(checkout, committedFile(checkout, stack));
      const pin = settings.release;
      if (list === true) {
        console.log(json === true ? JSON.stringify(ledger, null, 2) : listing(ledger, pin));
        return;
      }
      const present = pinnedFile(checkout, stack).pin;
      const known = ledger.find((entry) => isRelease(entry, present));
      const built = known === undefined ? await builtReleases(workspace) : undefined;
      const schema = known?.schema ?? built?.find(({ id }) => id === present.id)?.schema;
      const { target, refusals } = rollbackTarget({ ledger, present, schema, to, stack });
      // What the engine has needs no registry: one that is down must not stop a rollback.
      const missing = target === undefined ? {} : await notOnEngine(docker, imagesInUse(target, settings));
      const gone = await unpullable(docker, { id: "", images: missing });
      if (target === undefined || refusals.length > 0 || gone.length > 0) {
        throw new Failure(`${stack} was not rolled back:\n  ${[...refusals, ...gone].join("\n  ")}`, EXIT.refused);
      }
      console.log(`release ${present.id} -> ${target.id} (commit ${target.revision}, verified here at ${target.at})`);
      if (yes !== true) {
        requireTerminal(`rollback changes ${stack}`);
        await requireYes(`Roll ${stack} back to ${target.id}?`);
      }
      await writePin(checkout, stack, { id: target.id, images: target.images });
      await deploy(machine, stack, false);
      console.log(`Pulumi.${stack}.yaml has the new pin: commit it.`);
    });
}

/** Those of a release's images that the environment runs: the development image, for instance, is for hot reload only. */
function imagesInUse({ id, images }: Pin, settings: Settings): Pin {
  const used = new Set(withProbe(describeRalex(settings)).map(({ image }) => image));
  return { id, images: Object.fromEntries(Object.entries(images).filter(([name]) => used.has(name))) };
}

function listing(ledger: readonly LedgerEntry[], pin: Pin | undefined): string {
  if (ledger.length === 0) return "nothing was ever verified here";
  const table = new Table({ head: ["release", "verified", "by", "commit", ""], style: { head: [], border: [] } });
  for (const entry of ledger) {
    const isPinned = pin !== undefined && isRelease(entry, pin);
    table.push([entry.id, entry.at, entry.actor, entry.revision.slice(0, 12), isPinned ? "pinned" : ""]);
  }
  return table.toString();
}
