import Table from "cli-table3";
import type { Command } from "commander";
import { isRelease, refOf, type LedgerEntry, type Named } from "../components/image/ledger";
import { pinOf, type Pin } from "../components/image/pin-check";
import { rollbackTarget } from "../components/image/rollback";
import { requireTerminal, requireYes } from "./confirm";
import { EXIT, Failure } from "./failure";
import { prepareMachine, type Machine } from "./machine";
import { toleratingPresent } from "./policy/tolerance";
import { policyPackOption, policyPacks } from "./plan/policy-packs";
import { asPulled, namesInUse, only } from "./release/images-in-use";
import { deploy } from "./release/deploy";
import { DATABASE_RESTORED, pinnedFile, type Pinned } from "./release/pinned";
import { writePin } from "./release/pin";
import { unpullable } from "./release/registry-check";
import { ledgerOf, stackReader } from "./release/stacks";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";
import { openRegistry } from "./builder";
import { openTarget } from "./targets";
import type { Target } from "./targets/target";

interface Options {
  readonly stack: string;
  readonly to?: string;
  readonly list?: true;
  readonly json?: true;
  readonly policyPack: readonly string[];
  readonly yes?: true;
  readonly databaseRestored?: true;
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
    .addOption(policyPackOption())
    .option("--yes", "do not ask")
    .option("--database-restored", DATABASE_RESTORED)
    .action(async (options: Options) => {
      const { stack } = options;
      if (options.list === true) {
        const { release } = settingsOf(checkout, stack, committedFile(checkout, stack));
        const { workspace } = await prepareMachine(checkout, {});
        const ledger = (await ledgerOf(workspace, stack)) ?? [];
        console.log(options.json === true ? JSON.stringify(ledger, null, 2) : listing(ledger, release));
        return;
      }
      // Told before anything is installed or started.
      const { pin, settings } = pinnedFile(checkout, stack);
      const packs = policyPacks(checkout, options.policyPack);
      if (options.yes !== true) requireTerminal(`rollback changes ${stack}`);
      const machine = await prepareMachine(checkout, { stacks: [stack], images: true });
      const target = await targetOf(machine, { pin, settings }, options);
      console.log(`release ${pin.id} -> ${target.id} (commit ${target.revision}, verified here at ${target.at})`);
      if (options.yes !== true) await requireYes(`Roll ${stack} back to ${target.id}?`);
      const next = pinOf(target);
      // Of the release that runs, before its pin is gone.
      const tolerant = await toleratingPresent(machine, stack, settings);
      await writePin(checkout, stack, next);
      await deploy(tolerant, stack, {
        ...{ ask: false, pin: next, isRestored: options.databaseRestored, policyPacks: packs },
      });
      console.log(`Pulumi.${stack}.yaml has the new pin: commit it.`);
    });
}

/** @throws Failure with every reason why there is no going back. */
async function targetOf(
  { workspace }: Machine,
  { pin, settings }: Pick<Pinned, "pin" | "settings">,
  { stack, to, databaseRestored }: Options,
): Promise<LedgerEntry> {
  const read = stackReader(workspace);
  const ledger = (await read.ledger(stack)) ?? [];
  const platform = await openTarget(workspace, settings.target);
  const isStarted = await hasInstanceOf(platform, stack, pin, ledger[0]);
  const isKnown = !isStarted || ledger.some((entry) => isRelease(entry, pin));
  const built = isKnown ? undefined : (await read.releases())?.find((release) => isRelease(release, pin));
  if (!isKnown && built === undefined) {
    console.error(`nothing tells what ${pin.id} has written, so no migration is looked at`);
  }
  const question = { ledger, pin, isStarted, built, to, stack, isRestored: databaseRestored };
  const { target, refusals } = rollbackTarget(question);
  // What the platform has needs no registry: one that is down must not stop a rollback.
  const gone = target === undefined ? [] : await unpullableHere(platform, target, settings);
  if (target !== undefined && refusals.length === 0 && gone.length === 0) return target;
  throw new Failure(`${stack} was not rolled back:\n  ${[...refusals, ...gone].join("\n  ")}`, EXIT.refused);
}

/** Why images that the platform does not have cannot be pulled. */
async function unpullableHere(
  platform: Target,
  target: LedgerEntry,
  settings: Pinned["settings"],
): Promise<readonly string[]> {
  const used = asPulled(only(target.images, await namesInUse(pinOf(target), settings)), settings);
  const refs = Object.fromEntries(Object.entries(used).map(([name, { ref }]) => [name, ref]));
  const absent = Object.keys(await platform.absent(refs));
  return absent.length === 0 ? [] : unpullable(await openRegistry(), only(used, absent));
}

const digestsOf = ({ images }: Named): readonly string[] =>
  Object.values(images).map((image) => refOf(image)?.split("@")[1] ?? "");

/** Whether something was made of an image that the pin has and the release that was verified last has not. */
async function hasInstanceOf(platform: Target, stack: string, pin: Pin, newest: Named | undefined): Promise<boolean> {
  const others = new Set(newest === undefined ? [] : digestsOf(newest));
  const own = new Set(digestsOf(pin).filter((digest) => !others.has(digest)));
  return (await platform.instances(stack)).some(({ image }) => own.has(image.split("@")[1] ?? ""));
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
