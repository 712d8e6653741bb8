import type Docker from "dockerode";
import type { ImageLock } from "../../../components/image/lock";

/** Whether the engine has the image that a reference names; of an engine that does not answer, it is no. */
export const isOnEngine = (docker: Docker, ref: string): Promise<boolean> =>
  docker
    .getImage(ref)
    .inspect()
    .then(
      () => true,
      () => false,
    );

/** Images of the lock that no service runs: one is built on, one is pushed to. */
const NOT_RUN: readonly string[] = ["python", "registry"];

/** Whether the engine has the large images of the stack already. */
export async function isPulled(docker: Docker, lock: ImageLock): Promise<boolean> {
  const refs = lock.names.filter((name) => !NOT_RUN.includes(name)).map((name) => lock.ref(name).toString());
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
