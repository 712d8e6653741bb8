/** Asks a registry, through the engine and with its credentials, what a name stands for now. */
import type Docker from "dockerode";
import type { LockEntry } from "./lock";
import type { OfficialImage } from "./official-images";
import { PLATFORMS } from "./platforms";

/** What `GET /distribution/{name}/json` of the Docker Engine API answers, as far as it is used. */
interface Distribution {
  readonly Descriptor: { readonly digest: string };
  readonly Platforms: readonly { readonly architecture: string; readonly os: string }[] | null;
}

/**
 * Resolves a tag to the digest of its index, without pulling.
 * @throws Error with what the registry said.
 */
export async function resolveTag(docker: Docker, image: OfficialImage): Promise<LockEntry> {
  const { repository, tag, sizeBudgetMiB } = image;
  const { Descriptor, Platforms } = await inspect(docker, `${repository}:${tag}`);
  const offered = (Platforms ?? []).map(({ os, architecture }) => `${os}/${architecture}`);
  const platforms = PLATFORMS.filter((platform) => offered.includes(platform));
  if (platforms.length === 0) {
    throw new Error(
      `${repository}:${tag} is for ${offered.join(", ") || "no platform"}, and not for any of ${PLATFORMS.join(", ")}`,
    );
  }
  return { repository, tag, digest: Descriptor.digest, platforms, sizeBudgetMiB };
}

/** Whether the registry still has what a reference by digest names. @throws Error when it cannot be asked. */
export async function isInRegistry(docker: Docker, ref: string): Promise<boolean> {
  try {
    await inspect(docker, ref);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Platforms of what a reference by digest names, as the registry has it; undefined when it is gone.
 * @throws Error when the registry cannot be asked.
 */
export async function platformsInRegistry(docker: Docker, ref: string): Promise<readonly string[] | undefined> {
  try {
    const { Platforms } = await inspect(docker, ref);
    return (Platforms ?? []).map(({ os, architecture }) => `${os}/${architecture}`);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const isGone = (error: unknown): boolean =>
  /manifest unknown|not found/i.test(error instanceof Error ? error.message : "");

const inspect = async (docker: Docker, name: string): Promise<Distribution> =>
  (await docker.getImage(name).distribution()) as unknown as Distribution;
