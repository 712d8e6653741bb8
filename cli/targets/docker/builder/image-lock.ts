/** The image lock of a start with official tools: the committed one, with what it lacks resolved from its tag. */
import * as fs from "node:fs";
import * as path from "node:path";
import { COMMITTED_LOCK, ImageLock, RESOLVED_LOCK, type LockEntry } from "../../../../components/image/lock";
import { OFFICIAL_IMAGES, type OfficialImage } from "../../../../components/image/official-images";
import type { RegistryReader } from "../../../../components/image/registry-reader";
import { Failure } from "../../../failure";
import { replaceFile } from "../../../replace-file";

export interface LockSources {
  /** Every image that a start may need, by tag. */
  readonly official: Readonly<Record<string, OfficialImage>>;
  readonly resolve: (image: OfficialImage) => Promise<LockEntry>;
  /** As `YYYY-MM-DD`. */
  readonly today: string;
}

/**
 * Writes the lock that a start reads, and says each image that was resolved now.
 *
 * What was resolved before stays while its tag is the same: a start that changes nothing else changes no image.
 * @returns the lock's path
 * @throws Failure that names every image that cannot be resolved, with what to do.
 */
export async function completeLock(checkout: string, registry: RegistryReader): Promise<string> {
  return writeLock(checkout, {
    official: OFFICIAL_IMAGES,
    resolve: (image) => registry.resolve(image),
    today: new Date().toISOString().slice(0, 10),
  });
}

/** {@link completeLock} with other sources. */
export async function writeLock(checkout: string, { official, resolve, today }: LockSources): Promise<string> {
  const committed = ImageLock.read(path.join(checkout, COMMITTED_LOCK));
  const file = path.join(checkout, RESOLVED_LOCK);
  const earlier = fs.existsSync(file) ? ImageLock.read(file) : undefined;
  const entries: Record<string, LockEntry> = {};
  for (const name of committed.names) entries[name] = committed.entry(name);
  const problems: string[] = [];
  for (const [name, image] of Object.entries(official)) {
    if (entries[name] !== undefined) continue;
    const known = earlier?.has(name) === true ? earlier.entry(name) : undefined;
    if (known?.resolved !== undefined && known.repository === image.repository && known.tag === image.tag) {
      entries[name] = known;
      continue;
    }
    try {
      entries[name] = { ...(await resolve(image)), resolved: today };
      console.error(
        `${name}: ${COMMITTED_LOCK} has no digest of ${image.repository}:${image.tag}; its registry says ` +
          `${entries[name].digest} today, which ${RESOLVED_LOCK} keeps`,
      );
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length > 0) {
    throw new Failure(
      `images that ${COMMITTED_LOCK} lacks could not be resolved:\n  ${problems.join("\n  ")}\n` +
        "let the engine reach their registries, or name a lock that has them in RALEX_IMAGES_LOCK",
    );
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  replaceFile(file, `${JSON.stringify(entries, null, 2)}\n`);
  return file;
}
