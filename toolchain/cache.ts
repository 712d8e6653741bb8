/**
 * Folders that are made once for a machine and shared by its checkouts: `<cache>/<name>-<key>`.
 *
 * A folder appears under its name only when it is complete, by a rename, so an interrupted build leaves nothing that
 * counts as done. A manifest inside tells a damaged folder, which is built again.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createReadStream } from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheRoot } from "./paths";
import { withLock } from "./lock";

const MANIFEST = ".manifest.json";

interface Entry {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly sha256: string;
}
type Manifest = Readonly<Record<string, Entry>>;

/** A folder's key: the version for people, and a hash of all that decides its content. */
export function recipeKey(version: string, ...recipe: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  // Lengths in between: ["ab", "c"] and ["a", "bc"] are different recipes.
  for (const part of recipe) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return `${version}-${hash.digest("hex").slice(0, 12)}`;
}

/** Where a folder of that name and key is, or would be. */
export const cachedFolder = (name: string, key: string): string => path.join(cacheRoot(), `${name}-${key}`);

/**
 * The folder of that name and key, built if it is missing or damaged.
 *
 * @param build fills the (empty) folder that it is given; when it throws, nothing is kept and the error is passed on
 */
export async function cached(name: string, key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = cachedFolder(name, key);
  if (await isIntact(folder)) return folder;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  return withLock(folder, async () => {
    if (await isIntact(folder)) return folder;
    const partial = `${folder}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    fs.mkdirSync(partial);
    try {
      await build(partial);
      fs.writeFileSync(path.join(partial, MANIFEST), `${JSON.stringify(await describe(partial), null, 1)}\n`);
      fs.rmSync(folder, { recursive: true, force: true });
      fs.renameSync(partial, folder);
    } catch (error) {
      fs.rmSync(partial, { recursive: true, force: true });
      throw error;
    }
    return folder;
  });
}

/** Whether every file is as the manifest has it. Content is read only where size or time does not settle it. */
export async function isIntact(folder: string): Promise<boolean> {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(fs.readFileSync(path.join(folder, MANIFEST), "utf8")) as Manifest;
  } catch {
    return false;
  }
  for (const [file, entry] of Object.entries(manifest)) {
    const stat = fs.lstatSync(path.join(folder, file), { throwIfNoEntry: false });
    if (stat?.size !== entry.bytes) return false;
    if (stat.mtimeMs !== entry.modifiedMs && (await sha256(path.join(folder, file))) !== entry.sha256) return false;
  }
  return true;
}

async function describe(folder: string): Promise<Manifest> {
  const manifest: Record<string, Entry> = {};
  const names = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of names) {
    const file = path.join(entry.parentPath, entry.name);
    const { size, mtimeMs } = fs.lstatSync(file);
    manifest[path.relative(folder, file)] = { bytes: size, modifiedMs: mtimeMs, sha256: await sha256(file) };
  }
  return manifest;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
