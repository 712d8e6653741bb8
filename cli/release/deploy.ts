/** Brings an environment to its pinned release, lets it verify itself, and publishes what was verified. */
import { confirm } from "@inquirer/prompts";
import { refusalsOf, type Pin } from "../../components/image/pin-check";
import { readLock } from "../../components/image/lock";
import type { Settings } from "../../components/settings/schema";
import { isPulled } from "../engine-images";
import { EXIT, Failure } from "../failure";
import { prepareMachine, type Machine } from "../machine";
import { preflight } from "../preflight";
import { settingsOf } from "../settings";
import { committedFile, prepareConfigFile, type StackFile } from "../stack-config";
import { PROJECT, updateStack } from "../update";
import type { Workspace } from "../workspace";
import { publish } from "./publish";
import { builtReleases, ledgerOf } from "./stacks";

export interface Pinned {
  readonly file: StackFile;
  readonly settings: Settings;
  readonly pin: Pin;
}

/** @throws Failure when nothing is pinned. */
export function pinnedFile(checkout: string, stack: string): Pinned {
  const file = committedFile(checkout, stack);
  const settings = settingsOf(checkout, file);
  if (settings.release === undefined) {
    const from = settings.promotesFrom ?? "build";
    throw new Failure(`no release is pinned for ${stack}: run ./ralex promote ${from} ${stack}`, EXIT.refused);
  }
  return { file, settings, pin: settings.release };
}

/** @throws Failure with every reason why the release may not run there. */
export async function requireVerified(workspace: Workspace, stack: string, { pin, settings }: Pinned): Promise<void> {
  const { promotesFrom } = settings;
  const refusals = refusalsOf(pin, {
    environment: stack,
    own: (await ledgerOf(workspace, stack)) ?? [],
    releases: await builtReleases(workspace),
    ...(promotesFrom === undefined
      ? {}
      : { upstream: { name: promotesFrom, ledger: await ledgerOf(workspace, promotesFrom) } }),
  });
  if (refusals.length === 0) return;
  throw new Failure(`the release pinned for ${stack} is refused:\n  ${refusals.join("\n  ")}`, EXIT.refused);
}

/**
 * @param ask - whether to show a preview and to ask before anything changes.
 * @throws Failure when the release is refused, the update or a check fails, or the answer is no.
 */
export async function deploy(checkout: string, stack: string, ask: boolean): Promise<Machine> {
  const pinned = pinnedFile(checkout, stack);
  if (ask && !process.stdin.isTTY) throw new Failure(`deploy changes ${stack}: say --yes where nobody can be asked`);
  const machine = await prepareMachine(checkout, { images: true });
  const { workspace, docker } = machine;
  await requireVerified(workspace, stack, pinned);
  await preflight(docker, checkout, stack, pinned.settings, await isPulled(docker, readLock(checkout)));
  const content = { ...pinned.file, config: { ...pinned.file.config, "ralex:running": true } };
  if (ask) {
    const file = await prepareConfigFile(workspace, PROJECT, stack, content);
    await workspace.show(["preview", "--suppress-outputs", "--stack", stack, "--config-file", file]);
    const message = `Bring ${stack} to release ${pinned.pin.id}?`;
    if (!(await confirm({ message, default: false }))) throw new Failure("nothing was changed");
  }
  await updateStack(machine, stack, content);
  const { entry, added } = await publish(workspace, stack, pinned.pin);
  console.log(
    `${stack} runs release ${entry.id}; ${entry.checks.length} checks passed at ${entry.at}, ` +
      `${added ? "and its ledger has it now" : "which its ledger had already"}.`,
  );
  return machine;
}
