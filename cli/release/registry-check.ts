/** Whether what is about to be pinned can still be pulled, for every platform. */
import { PLATFORMS } from "../../components/image/platforms";
import type { RegistryReader } from "../../components/image/registry-reader";
import type { ReleaseImages } from "../../components/image/releases";
import { isOwn } from "../../components/image/third-party";

/** Of an image that has no index over it, engines do not tell its platform. */
const tellable = (offered: readonly string[], wanted: readonly string[]) => (offered.length === 0 ? [] : wanted);

/** Why images cannot be pulled, as far as their registries tell; empty when all can. */
export async function unpullable(registry: RegistryReader, images: ReleaseImages): Promise<readonly string[]> {
  const problems = await Promise.all(
    Object.entries(images).map(async ([name, image]) => {
      const { ref } = image;
      const remedy = isOwn(image) ? "run ./ralex build" : "put it back, or build a release with another";
      try {
        const offered = await registry.platformsOf(ref);
        if (offered === undefined) return [`image ${name}: ${ref} is gone from its registry; ${remedy}`];
        const wanted: readonly string[] = isOwn(image) ? PLATFORMS : tellable(offered, image.platforms);
        const missing = wanted.filter((platform) => !offered.includes(platform));
        return missing.length === 0 ? [] : [`image ${name}: ${ref} is not for ${missing.join(", ")}; ${remedy}`];
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        return [`image ${name}: the registry of ${ref} cannot be asked (${said}); try again when it answers`];
      }
    }),
  );
  return problems.flat();
}
