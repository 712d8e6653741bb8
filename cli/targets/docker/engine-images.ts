import type Docker from "dockerode";

/** Whether the engine has the image that a reference names; of an engine that does not answer, it is no. */
export const isOnEngine = (docker: Docker, ref: string): Promise<boolean> =>
  docker
    .getImage(ref)
    .inspect()
    .then(
      () => true,
      () => false,
    );

/** Whether the engine has all of the images already. */
export async function isPulled(docker: Docker, refs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(refs.map((ref) => isOnEngine(docker, ref)));
  return found.every(Boolean);
}

/** Those of the images that the engine does not have. */
export async function absentFrom(
  docker: Docker,
  images: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(images);
  const found = await Promise.all(entries.map(([, ref]) => isOnEngine(docker, ref)));
  return Object.fromEntries(entries.filter((_, index) => found[index] === false));
}
