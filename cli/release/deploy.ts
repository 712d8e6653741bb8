/** Brings an environment to its pinned release, lets it verify itself, and publishes what was verified. */
import { refusalOf, type Pin } from "../../components/image/pin-check";
import { readLock } from "../../components/image/lock";
import type { Settings } from "../../components/settings/schema";
import { isPulled } from "../engine-images";
import { requireYes } from "../confirm";
import { EXIT, Failure } from "../failure";
import type { Machine } from "../machine";
import { preflight } from "../preflight";
import { settingsOf } from "../settings";
import { committedFile, prepareConfigFile, withRunning, type StackFile } from "../stack-config";
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
async function requireVerified(workspace: Workspace, stack: string, { pin, settings }: Pinned): Promise<void> {
  const refusal = await refusalOf(pin, stack, settings.promotesFrom, {
    ledger: (environment) => ledgerOf(workspace, environment),
    releases: () => builtReleases(workspace),
  });
  if (refusal !== undefined) throw new Failure(refusal, EXIT.refused);
}

/**
 * @param machine - with everything that a start needs.
 * @param ask - whether to show a preview and to ask before anything changes.
 * @throws Failure when the release is refused, the update or a check fails, or the answer is no.
 */
export async function deploy(machine: Machine, stack: string, ask: boolean): Promise<void> {
  const { workspace, docker } = machine;
  const { checkout } = workspace;
  const pinned = pinnedFile(checkout, stack);
  await requireVerified(workspace, stack, pinned);
  await preflight(docker, checkout, stack, pinned.settings, await isPulled(docker, readLock(checkout)));
  const content = withRunning(pinned.file, true);
  if (ask) {
    const file = await prepareConfigFile(workspace, PROJECT, stack, content);
    await workspace.show(["preview", "--suppress-outputs", "--stack", stack, "--config-file", file]);
    await requireYes(`Bring ${stack} to release ${pinned.pin.id}?`);
  }
  await updateStack(machine, stack, content);
  const { entry, added } = await publish(workspace, stack, pinned.pin);
  console.log(
    `${stack} runs release ${entry.id}; ${entry.checks.length} checks passed at ${entry.at}, ` +
      `${added ? "and its ledger has it now" : "which its ledger had already"}.`,
  );
}
