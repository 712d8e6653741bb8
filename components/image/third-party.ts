/** The third-party images of a release: what the lock has when it is built, and runs on any target. */
import type { ImageLock } from "./lock";
import type { ReleaseImage, ReleaseImages } from "./releases";

/** Images of a lock that no service runs: one is built on, one is pushed to. */
const NOT_RUN: ReadonlySet<string> = new Set(["python", "registry"]);

/** Names of a lock's images that services run. */
export const runNames = (lock: ImageLock): readonly string[] => lock.names.filter((name) => !NOT_RUN.has(name));

/** What a release records of a lock's images. */
export function thirdPartyImages(lock: ImageLock): ReleaseImages {
  return Object.fromEntries(
    runNames(lock).map((name) => {
      const { platforms, tag, sizeBudgetMiB, substitute, dataVersion } = lock.entry(name);
      const thirdParty = {
        tag,
        sizeBudgetMiB,
        ...(substitute === undefined ? {} : { substitute }),
        ...(dataVersion === undefined ? {} : { dataVersion }),
      };
      return [name, { ref: lock.ref(name).toString(), platforms: [...platforms], thirdParty }];
    }),
  );
}

/** Names of a release's images that stand in for official ones, sorted. */
export const substitutesOf = (images: ReleaseImages): readonly string[] =>
  Object.entries(images)
    .filter(([, { thirdParty }]) => thirdParty?.substitute === true)
    .map(([name]) => name)
    .sort();

/** Whether an image is one of a release's own, which it has built. */
export const isOwn = ({ thirdParty }: ReleaseImage): boolean => thirdParty === undefined;
