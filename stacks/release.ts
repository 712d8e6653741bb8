/** Which images an environment runs: its pinned release's, or those of the working tree and of the lock. */
import * as pulumi from "@pulumi/pulumi";
import type { Release, Verification } from "../components/app/outputs";
import { ralex } from "../components/command-line";
import { ImageRef } from "../components/image/image-ref";
import { isRelease, LEDGER_OUTPUT, LEDGER_PROJECT, readLedger, type LedgerEntry } from "../components/image/ledger";
import { chosenLock, readLock, takesSubstitutes, type LockOrigin } from "../components/image/lock";
import { mirrored } from "../components/image/mirror";
import { judgePin, pinOf, type Pin } from "../components/image/pin-check";
import {
  RELEASE_PROJECT,
  RELEASE_STACK,
  readReleases,
  WORKING_TREE_STACK,
  type ReleaseImages,
  type ReleaseRecord,
} from "../components/image/releases";
import { substitutesOf, thirdPartyImages } from "../components/image/third-party";
import type { Settings } from "../components/settings/schema";
import { programError } from "./program-error";
import { readStack } from "./read-stack";

/** A release, and what is recorded of its images. */
interface Chosen {
  readonly id: string;
  /** Where third-party images are from: the pin, or a lock. */
  readonly imageLock: LockOrigin | "pinned";
  readonly refs: Readonly<Record<string, string>>;
  readonly images: ReleaseImages;
}

/** The images that a target runs. */
export interface RunImages {
  readonly images: Readonly<Record<string, ImageRef>>;
  readonly release: Release;
  /** Those of them that stand in for official ones, sorted. */
  readonly substitutes: readonly string[];
}

/** The release of an environment. */
export class ChosenRelease {
  constructor(
    private readonly chosen: Chosen,
    private readonly mirror: string | undefined,
    /** Whether it is pinned, and not the release that the stack's own ledger has as the newest. */
    private readonly isUnpublished: boolean,
  ) {}

  get id(): string {
    return this.chosen.id;
  }

  get imageLock(): Chosen["imageLock"] {
    return this.chosen.imageLock;
  }

  /** A bare `pulumi up` does not publish, so it says what is left to do; `./ralex deploy` does it. */
  sayUnpublished(verification: pulumi.Output<Verification>): void {
    if (!this.isUnpublished || pulumi.runtime.isDryRun()) return;
    verification.apply(({ passed }) => {
      const todo = `${ralex("publish", "-s", pulumi.getStack())} writes it into the ledger`;
      if (passed) void pulumi.log.info(`release ${this.id} is verified, and not published yet: ${todo}`);
    });
  }

  /** Whether it has an image of this name. */
  has(name: string): boolean {
    return name in this.chosen.refs;
  }

  /**
   * Where the images of an application are pulled from.
   * @throws RunError that names every image that the release lacks.
   */
  run(names: readonly string[]): RunImages {
    const { id, refs, images } = this.chosen;
    const ran = [...new Set(names)].sort();
    const missing = ran.filter((name) => !this.has(name));
    if (missing.length > 0) {
      throw programError(`release ${id} has no image ${missing.join(", ")}: build and promote one that has`);
    }
    const refOf = (name: string) => mirrored(ImageRef.parse(refs[name] ?? ""), this.mirror);
    return {
      images: Object.fromEntries(ran.map((name) => [name, refOf(name)])),
      release: { id, images: refs, ran },
      substitutes: substitutesOf(images).filter((name) => ran.includes(name)),
    };
  }
}

/**
 * The pinned release, once the stacks say that it may run here; without a pin, the newest build of the working tree
 * with the third-party images of the lock. All digests are known in preview too.
 * @throws RunError in preview already, with every reason why the pin is refused and what to do.
 */
export async function chooseRelease(settings: Settings, checkout: string): Promise<ChosenRelease> {
  const chosen =
    settings.release === undefined
      ? await workingTree(settings, checkout)
      : await pinned(settings.release, settings, checkout);
  return new ChosenRelease(chosen, settings.imageMirror, await isUnpublished(settings));
}

async function workingTree({ promotesFrom }: Settings, checkout: string): Promise<Chosen> {
  const stack = pulumi.getStack();
  if (promotesFrom !== undefined) {
    throw programError(`${stack} runs pinned releases only: run ${ralex("promote", promotesFrom, stack)}`);
  }
  const newest = readReleases(await readStack(RELEASE_PROJECT, WORKING_TREE_STACK, "releases"))[0];
  if (newest === undefined) {
    throw programError(`the working tree was not built yet: run ./ralex start, or pulumi up in stacks/images`);
  }
  const images = { ...thirdPartyImages(readLock(checkout)), ...newest.images };
  const imageLock = chosenLock(checkout).origin;
  return { id: newest.id, imageLock, refs: pinOf({ id: newest.id, images }).images, images };
}

async function pinned(pin: Pin, { promotesFrom, running }: Settings, checkout: string): Promise<Chosen> {
  // Nothing of it runs in a stack that is being stopped, and a refused pin must not keep one up.
  if (!running) return { id: pin.id, imageLock: "pinned", refs: pin.images, images: {} };
  const place = { environment: pulumi.getStack(), promotesFrom, takesSubstitutes: takesSubstitutes(checkout) };
  const { refusal, images = {} } = await judgePin(pin, place, { ledger: ledgerOf, releases: builtReleases });
  if (refusal !== undefined) throw programError(refusal);
  return { id: pin.id, imageLock: "pinned", refs: pin.images, images };
}

async function isUnpublished({ release }: Settings): Promise<boolean> {
  if (release === undefined) return false;
  const newest = (await ledgerOf(pulumi.getStack()))?.[0];
  return newest === undefined || !isRelease(newest, release);
}

async function builtReleases(): Promise<readonly ReleaseRecord[] | undefined> {
  const output = await readStack(RELEASE_PROJECT, RELEASE_STACK, "releases");
  return output === undefined ? undefined : readReleases(output);
}

async function ledgerOf(environment: string): Promise<readonly LedgerEntry[] | undefined> {
  const output = await readStack(LEDGER_PROJECT, environment, LEDGER_OUTPUT);
  return output === undefined ? undefined : readLedger(output, environment);
}
