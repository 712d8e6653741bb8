/** Those of a release's images that an environment runs, by its settings. */
import { imagesOf } from "../../components/app/model";
import { ImageRef } from "../../components/image/image-ref";
import { mirrored } from "../../components/image/mirror";
import type { Pin } from "../../components/image/pin-check";
import type { ReleaseImages } from "../../components/image/releases";
import type { Settings } from "../../components/settings/schema";
import { describedFor } from "../targets";

/** Names of the images that an environment with these settings runs, once the release is pinned there. */
export async function namesInUse({ id, images }: Pin, settings: Settings): Promise<readonly string[]> {
  const pinned = { ...settings, release: { id, images } };
  return imagesOf(await describedFor(pinned, { grafana: "grafana" in images })).toSorted();
}

/** Images as the environment pulls them: from its mirror, where it has one. */
export const asPulled = (images: ReleaseImages, { imageMirror }: Settings): ReleaseImages =>
  Object.fromEntries(
    Object.entries(images).map(([name, image]) => [
      name,
      { ...image, ref: mirrored(ImageRef.parse(image.ref), imageMirror).toString() },
    ]),
  );

/** The images of these names. */
export const only = (images: ReleaseImages, names: readonly string[]): ReleaseImages =>
  Object.fromEntries(Object.entries(images).filter(([name]) => names.includes(name)));
