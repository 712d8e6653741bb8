/** Asks a registry, through the engine and with its credentials, what a name stands for now. */
import type Docker from "dockerode";
import { PLATFORMS } from "../../image/platforms";
import type { RegistryReader } from "../../image/registry-reader";

/** What `GET /distribution/{name}/json` of the Docker Engine API answers, as far as it is used. */
interface Distribution {
  readonly Descriptor: { readonly digest: string };
  readonly Platforms: readonly { readonly architecture: string; readonly os: string }[] | null;
}

const platformsIn = ({ Platforms }: Distribution): readonly string[] =>
  (Platforms ?? []).map(({ os, architecture }) => `${os}/${architecture}`);

const isGone = (error: unknown): boolean =>
  /manifest unknown|not found/i.test(error instanceof Error ? error.message : "");

export function engineRegistry(docker: Docker): RegistryReader {
  const inspect = async (name: string): Promise<Distribution> =>
    (await docker.getImage(name).distribution()) as unknown as Distribution;
  return {
    async resolve({ repository, tag, ...known }) {
      const found = await inspect(`${repository}:${tag}`);
      const offered = platformsIn(found);
      const platforms = PLATFORMS.filter((platform) => offered.includes(platform));
      if (platforms.length === 0) {
        throw new Error(
          `${repository}:${tag} is for ${offered.join(", ") || "no platform"}, and not for any of ${PLATFORMS.join(", ")}`,
        );
      }
      return { repository, tag, digest: found.Descriptor.digest, platforms, ...known };
    },
    async platformsOf(ref) {
      try {
        return platformsIn(await inspect(ref));
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },
  };
}
