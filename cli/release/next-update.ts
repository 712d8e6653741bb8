/** The update that a deployment of the pinned release would make. */
import type { Machine } from "../machine";
import type { EngineRun } from "../plan/engine";
import { configurationOf, type Basis } from "../plan/record";
import { stateFingerprint } from "../plan/state";
import { withRunning } from "../stack-config";
import { lookAhead, type NextUpdate } from "../update";
import { requireReadable, requireVerified, type Pinned } from "./pinned";
import { stackReader } from "./stacks";

export interface UpdateOptions {
  /** The data are a backup's, from before what the release to be deployed does not read. */
  readonly isRestored?: boolean | undefined;
  /** Folders of policy packs, from `policyPacks`. */
  readonly policyPacks: readonly string[];
}

export interface PinnedUpdate extends NextUpdate {
  /** What a plan of it is made of. */
  readonly basis: Basis;
  readonly run: EngineRun;
}

/** @throws Failure when the release is refused, or something would make the update fail half-way. */
export async function pinnedUpdate(
  machine: Machine,
  stack: string,
  pinned: Pinned,
  { isRestored, policyPacks }: UpdateOptions,
): Promise<PinnedUpdate> {
  const read = stackReader(machine.workspace);
  await requireVerified(machine.workspace, read, stack, pinned);
  if (isRestored !== true) await requireReadable(read, stack, pinned.pin);
  const content = withRunning(pinned.file, true);
  const next = await lookAhead(machine, stack, content);
  const { workspace } = next.machine;
  const basis = {
    stack,
    release: { id: pinned.pin.id, images: { ...pinned.pin.images } },
    ...configurationOf(content, next.settings),
    state: stateFingerprint(next.resources),
    refresh: next.isDamaged,
    policyPacks: [...policyPacks],
  };
  const run = { workspace, stack, configFile: next.configFile, refresh: next.isDamaged, policyPacks };
  return { ...next, basis, run };
}
