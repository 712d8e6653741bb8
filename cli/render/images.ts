/** The images of what is rendered, known without an engine, a state or a network. */
import * as path from "node:path";
import { ralex } from "../../components/command-line";
import { ImageRef } from "../../components/image/image-ref";
import { COMMITTED_LOCK, ImageLock } from "../../components/image/lock";
import { mirrored } from "../../components/image/mirror";
import { runNames } from "../../components/image/third-party";
import type { Settings } from "../../components/settings/schema";
import { Failure } from "../failure";

/** Third-party images of the committed lock: none of them stands in for another. */
export function lockedImages(checkout: string): Readonly<Record<string, string>> {
  const lock = ImageLock.read(path.join(checkout, COMMITTED_LOCK));
  return Object.fromEntries(runNames(lock).map((name) => [name, lock.ref(name).toString()]));
}

/** `name=repository@sha256:…`, each as it was given. @throws Failure with every problem. */
export function namedImages(given: readonly string[]): Readonly<Record<string, string>> {
  const problems: string[] = [];
  const named = given.map((text): [string, string] => {
    const at = text.indexOf("=");
    const [name, ref] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    try {
      if (name === "") throw new Error(`"${text}" has no name: write name=repository@sha256:…`);
      return [name, ImageRef.parse(ref).toString()];
    } catch (error) {
      problems.push((error as Error).message);
      return [name, ref];
    }
  });
  if (problems.length > 0) throw new Failure(`--image: ${problems.join("\n  ")}`);
  return Object.fromEntries(named);
}

/**
 * Images by name, the strongest first: those named by hand, those of the pinned release, or of the committed lock where
 * nothing is pinned.
 */
export const knownImages = (
  checkout: string,
  { release }: Settings,
  named: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({ ...(release?.images ?? lockedImages(checkout)), ...named });

/** @throws Failure that names every image that is not known. */
export function chosenImages(
  names: readonly string[],
  known: Readonly<Record<string, string>>,
  stack: string,
  { imageMirror, promotesFrom, release }: Settings,
): Readonly<Record<string, ImageRef>> {
  const all = [...new Set(names)].sort();
  const missing = all.filter((name) => !(name in known));
  if (missing.length > 0) {
    const pin = ralex("promote", promotesFrom ?? "build", stack);
    const where =
      release === undefined ? `nothing is pinned for ${stack}: run ${pin}` : `release ${release.id} has none`;
    const hand = missing.map((name) => `--image ${name}=repository@sha256:…`).join(" ");
    throw new Failure(`no image is known of ${missing.join(", ")}; ${where}, or name each: ${hand}`);
  }
  return Object.fromEntries(all.map((name) => [name, mirrored(ImageRef.parse(known[name] ?? ""), imageMirror)]));
}
