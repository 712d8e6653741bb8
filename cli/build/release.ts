/** Builds, pushes and checks the release of a commit. */
import * as path from "node:path";
import { readReleases, RELEASE_PROJECT, RELEASE_STACK, type ReleaseRecord } from "../../components/image/releases";
import { withLock } from "../../toolchain/lock";
import { Failure } from "../failure";
import { prepareMachine, RELEASE_PLATFORMS, type Machine } from "../machine";
import { updateRelease } from "../update";
import { commitToBuild } from "./commit";
import { exportCommit } from "./export";
import { checkPushed, type PushedImage } from "./pushed";

export interface BuiltRelease {
  readonly release: ReleaseRecord;
  /** What the registry has of it, image by image. */
  readonly pushed: readonly PushedImage[];
}

/**
 * Builds the checkout's commit for every platform and pushes it.
 * @param prepare - gives the machine; tests give one with another builder.
 * @throws Failure when the checkout is not its commit (exit code 2), or something cannot be built or is not all there.
 */
export async function buildRelease(
  checkout: string,
  prepare: () => Promise<Machine> = () => prepareMachine(checkout, { platforms: RELEASE_PLATFORMS }),
): Promise<BuiltRelease> {
  const commit = await commitToBuild(checkout);
  // One at a time: the export has one place, and the stack takes one update.
  return withLock(path.join(checkout, ".ralex/release/build"), async () => {
    await exportCommit(checkout, commit);
    const machine = await prepare();
    await updateRelease(machine, RELEASE_PLATFORMS);
    const release = await newestRelease(machine);
    const pushed = await requireAllPushed(release);
    return { release, pushed };
  });
}

async function newestRelease({ workspace }: Machine): Promise<ReleaseRecord> {
  const name = `organization/${RELEASE_PROJECT}/${RELEASE_STACK}`;
  const outputs = JSON.parse(await workspace.capture(["stack", "output", "--json", "--stack", name])) as {
    readonly releases?: unknown;
  };
  const [newest] = readReleases(outputs.releases);
  if (newest === undefined) throw new Failure(`the stack ${name} recorded no release`);
  return newest;
}

/** @throws Failure that names what the registry lacks. */
async function requireAllPushed(release: ReleaseRecord): Promise<readonly PushedImage[]> {
  const images = Object.entries(release.images);
  const pushed = await Promise.all(images.map(([name, expected]) => checkPushed(name, expected)));
  const missing = pushed.flatMap((image) => image.missing);
  if (missing.length === 0) return pushed;
  throw new Failure(
    `release ${release.id} is not whole in its registry, and must not be promoted. Missing are:\n  ` +
      `${missing.join("\n  ")}\nRun ./ralex build again; if that does not help, look at the registry's clean-up rules`,
  );
}
