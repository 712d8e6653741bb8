/** The image that builds start from, for the platforms that they are for. */
import { ralex } from "../command-line";
import type { ImageRef } from "./image-ref";
import type { ImageLock } from "./lock";

/** @throws Error when the lock's image lacks a platform. */
export function baseImage(lock: ImageLock, name: string, platforms: readonly string[]): ImageRef {
  const { platforms: offered, substitute } = lock.entry(name);
  const missing = platforms.filter((platform) => !offered.includes(platform));
  if (missing.length === 0) return lock.ref(name);
  const remedy =
    substitute === true
      ? "run ./ralex build, which makes one for every platform of a release"
      : `run ${ralex("images", "lock", name)}, or choose a tag that has them`;
  throw new Error(`the image ${name} of ${lock.file} is not for ${missing.join(", ")}: ${remedy}`);
}
