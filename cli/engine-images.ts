import type Docker from "dockerode";
import type { ImageLock } from "../components/image/lock";

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
