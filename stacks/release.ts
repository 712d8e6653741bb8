/** Which first-party images an environment runs. */
import * as pulumi from "@pulumi/pulumi";
import { ralex } from "../components/command-line";
import { ImageRef } from "../components/image/image-ref";
import { isRelease, LEDGER_OUTPUT, LEDGER_PROJECT, readLedger, type LedgerEntry } from "../components/image/ledger";
import { pinOf, refusalOf, type Pin } from "../components/image/pin-check";
import {
  RELEASE_PROJECT,
  RELEASE_STACK,
  readReleases,
  WORKING_TREE_STACK,
  type ReleaseRecord,
} from "../components/image/releases";
import type { Settings } from "../components/settings/schema";
import { programError } from "./program-error";
import { readStack } from "./read-stack";

export interface ChosenRelease {
  readonly id: string;
  readonly images: Readonly<Record<string, ImageRef>>;
  /** Whether it is pinned, and not the release that the stack's own ledger has as the newest. */
  readonly isUnpublished: boolean;
}

/**
 * The pinned release, once the stacks say that it may run here; without a pin, the newest build of the working tree.
 * All digests are known in preview too.
 * @throws RunError in preview already, with every reason why the pin is refused and what to do.
 */
export async function chooseRelease(settings: Settings): Promise<ChosenRelease> {
  const chosen =
    settings.release === undefined ? await workingTree(settings) : await checked(settings.release, settings);
  const images = Object.entries(chosen.images).map(([name, ref]) => [name, ImageRef.parse(ref)] as const);
  return { id: chosen.id, images: Object.fromEntries(images), isUnpublished: await isUnpublished(settings) };
}

async function workingTree({ promotesFrom }: Settings): Promise<Pin> {
  const stack = pulumi.getStack();
  if (promotesFrom !== undefined) {
    throw programError(`${stack} runs pinned releases only: run ${ralex("promote", promotesFrom, stack)}`);
  }
  const newest = readReleases(await readStack(RELEASE_PROJECT, WORKING_TREE_STACK, "releases"))[0];
  if (newest === undefined) {
    throw programError(`the working tree was not built yet: run ./ralex start, or pulumi up in stacks/images`);
  }
  return pinOf(newest);
}

async function checked(pin: Pin, { promotesFrom, running }: Settings): Promise<Pin> {
  // Nothing of it runs in a stack that is being stopped, and a refused pin must not keep one up.
  if (!running) return pin;
  const refusal = await refusalOf(pin, pulumi.getStack(), promotesFrom, { ledger: ledgerOf, releases: builtReleases });
  if (refusal !== undefined) throw programError(refusal);
  return pin;
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
