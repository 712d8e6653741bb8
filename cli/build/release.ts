/** Builds, pushes and checks the release of a commit. */
import * as path from "node:path";
import { PLATFORMS } from "../../components/image/platforms";
import { RELEASE_PROJECT, RELEASE_STACK, type ReleaseRecord } from "../../components/image/releases";
import { isOwn } from "../../components/image/third-party";
import { withLock } from "../../toolchain/lock";
import { Failure } from "../failure";
import { prepareMachine, type Machine } from "../machine";
import { builtReleases } from "../release/stacks";
import { updateRelease } from "../update";
import { commitToBuild } from "./commit";
import { exportCommit } from "./export";
import { checkPushed, type PushedImage } from "./pushed";

export interface BuiltRelease {
  readonly release: ReleaseRecord;
  /** What the registry has of its own images, one by one. */
  readonly pushed: readonly PushedImage[];
}

/**
 * Builds the checkout's commit for every platform and pushes it.
 * @param prepare - gives the machine; tests give one with another builder.
 * @throws Failure when the checkout is not its commit (exit code 2), or something cannot be built or is not all there.
 */
export async function buildRelease(
  checkout: string,
  prepare: () => Promise<Machine> = () => prepareMachine(checkout, { platforms: PLATFORMS }),
): Promise<BuiltRelease> {
  const commit = await commitToBuild(checkout);
  // One at a time: the export has one place, and the stack takes one update.
  return withLock(path.join(checkout, ".ralex/release/build"), async () => {
    await exportCommit(checkout, commit);
    const machine = await prepare();
    await updateRelease(machine, PLATFORMS);
    const built = await look(machine);
    return built.pushed.every(({ missing }) => missing.length === 0) ? built : repair(machine, built);
  });
}

async function look(machine: Machine): Promise<BuiltRelease> {
  const release = await newestRelease(machine);
  // The others were pushed by their publishers.
  const images = Object.entries(release.images).filter(([, image]) => isOwn(image));
  return { release, pushed: await Promise.all(images.map(([name, expected]) => checkPushed(name, expected))) };
}

/**
 * Builds images anew of which the registry lacks something: Pulumi itself sees no reason to. The result has digests, and
 * so a release, of its own.
 * @throws Failure that names what is missing after that.
 */
async function repair(machine: Machine, { release, pushed }: BuiltRelease): Promise<BuiltRelease> {
  const lacking = (of: readonly PushedImage[]) => of.filter(({ missing }) => missing.length > 0);
  const words = (of: readonly PushedImage[]) => of.flatMap(({ missing }) => missing).join("\n  ");
  console.error(
    `release ${release.id} is not whole in its registry, and is built anew. Missing are:\n  ${words(pushed)}`,
  );
  await updateRelease(
    machine,
    PLATFORMS,
    lacking(pushed).map(({ name }) => name),
  );
  const again = await look(machine);
  if (lacking(again.pushed).length === 0) return again;
  throw new Failure(
    `release ${again.release.id} is not whole in its registry either, and must not be promoted. Missing are:\n  ` +
      `${words(again.pushed)}\nLook at the registry's storage and clean-up rules, then run ./ralex build again`,
  );
}

async function newestRelease({ workspace }: Machine): Promise<ReleaseRecord> {
  const newest = (await builtReleases(workspace))?.[0];
  if (newest === undefined) throw new Failure(`the stack ${RELEASE_PROJECT}/${RELEASE_STACK} recorded no release`);
  return newest;
}
