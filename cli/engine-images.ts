import type Docker from "dockerode";
import type { ImageLock } from "../components/image/lock";

/** Whether the engine has the large images of the stack already. */
export async function isPulled(docker: Docker, lock: ImageLock): Promise<boolean> {
  const refs = lock.names.filter((name) => name !== "python").map((name) => lock.ref(name).toString());
  const found = await Promise.all(
    refs.map((ref) =>
      docker
        .getImage(ref)
        .inspect()
        .then(() => true)
        .catch(() => false),
    ),
  );
  return found.every(Boolean);
}
