/** The image lock that a checkout reads on a machine which made its images itself. */
import * as fs from "node:fs";
import * as path from "node:path";
import writeFileAtomic from "write-file-atomic";
import { GENERATED_LOCK, GENERATED_RELEASE_LOCK, type LockEntry } from "../../components/image/lock";
import type { Platform } from "../../components/image/platforms";
import { progress } from "../progress";
import { type BuiltImage, substitute } from "./build";
import { substituteFor } from "./platforms";
import { RECIPES } from "./recipes";

/**
 * Makes sure that the images are in the local registry, and writes the checkout's lock with them.
 * @param wanted names of the lock; entries that an earlier call wrote and the registry still has are kept
 * @returns the lock's path and the names in it
 */
export async function ensureSubstitutes(
  checkout: string,
  wanted: readonly string[],
): Promise<{ lock: string; substitutes: readonly string[] }> {
  let done = 0;
  const images = await progress.step("making images", undefined, (step) =>
    Promise.all(
      wanted.map(async (name) => {
        const image = await substitute(name);
        step.update(++done, wanted.length, "images");
        return [name, image] as const;
      }),
    ),
  );
  const lock = path.join(checkout, GENERATED_LOCK);
  const made = Object.fromEntries(images.map(([name, image]) => [name, entry(image)]));
  const all = { ...readEntries(lock), ...made };
  const known = RECIPES.map(({ name }) => name).filter((name) => name in all);
  writeIfChanged(lock, `${JSON.stringify(Object.fromEntries(known.map((name) => [name, all[name]])), null, 2)}\n`);
  return { lock, substitutes: known };
}

/**
 * Makes the lock that a release build reads: what is built on is for every platform of the release, what is taken over
 * for this machine's own.
 * @returns the lock's path and the names in it
 */
export async function ensureReleaseLock(
  checkout: string,
  base: string,
  platforms: readonly Platform[],
): Promise<{ lock: string; substitutes: readonly string[] }> {
  const others = RECIPES.map(({ name }) => name).filter((name) => name !== base);
  const { lock: own } = await ensureSubstitutes(checkout, others);
  const entries = { ...readEntries(own), [base]: entry(await substituteFor(base, platforms)) };
  const lock = path.join(checkout, GENERATED_RELEASE_LOCK);
  writeIfChanged(lock, `${JSON.stringify(entries, null, 2)}\n`);
  return { lock, substitutes: Object.keys(entries) };
}

const entry = (image: BuiltImage): LockEntry => ({
  repository: image.repository,
  tag: image.tag,
  digest: image.digest,
  platforms: [...image.platforms],
  sizeBudgetMiB: image.sizeBudgetMiB,
  substitute: true,
  ...(image.dataVersion === undefined ? {} : { dataVersion: image.dataVersion }),
});

function readEntries(lock: string): Readonly<Record<string, LockEntry>> {
  try {
    return JSON.parse(fs.readFileSync(lock, "utf8")) as Record<string, LockEntry>;
  } catch {
    return {};
  }
}

function writeIfChanged(file: string, text: string): void {
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  writeFileAtomic.sync(file, text);
}
