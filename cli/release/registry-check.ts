/** Whether what is about to be pinned can still be pulled, for every platform. */
import type Docker from "dockerode";
import type { Pin } from "../../components/image/pin-check";
import { PLATFORMS } from "../../components/image/platforms";
import { platformsInRegistry } from "../../components/image/resolve-tag";

/** Why a release cannot be pinned, as far as its registry tells; empty when it can. */
export async function unpullable(docker: Docker, { images }: Pin): Promise<readonly string[]> {
  const problems = await Promise.all(
    Object.entries(images).map(async ([name, ref]) => {
      try {
        const offered = await platformsInRegistry(docker, ref);
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
