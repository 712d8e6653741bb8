/** Whether what is about to be pinned can still be pulled, for every platform. */
import type { Pin } from "../../components/image/pin-check";
import { PLATFORMS } from "../../components/image/platforms";
import type { RegistryReader } from "../../components/image/registry-reader";

/** Why a release cannot be pinned, as far as its registry tells; empty when it can. */
export async function unpullable(registry: RegistryReader, { images }: Pin): Promise<readonly string[]> {
  const problems = await Promise.all(
    Object.entries(images).map(async ([name, ref]) => {
      try {
        const offered = await registry.platformsOf(ref);
        if (offered === undefined) return [`image ${name}: ${ref} is gone from its registry; build a new release`];
        const missing = PLATFORMS.filter((platform) => !offered.includes(platform));
        return missing.length === 0
          ? []
          : [`image ${name}: ${ref} is not for ${missing.join(", ")}; run ./ralex build`];
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        return [`image ${name}: the registry of ${ref} cannot be asked (${said}); try again when it answers`];
      }
    }),
  );
  return problems.flat();
}
