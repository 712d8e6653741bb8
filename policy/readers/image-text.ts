/** Images as texts of a resource's properties. */
import { ImageRef } from "../../components/image/image-ref";
import type { Value } from "../value";

/** The image that a value names by digest; undefined for a tag, and for what is unknown or no image. */
export function pinnedImage({ text }: Value): ImageRef | undefined {
  if (text === undefined || !text.includes("@")) return undefined;
  // The OCI reference grammar allows a tag before the digest, which counts alone then.
  const plain = text.replace(/:[\w][\w.-]{0,127}@/, "@");
  try {
    return ImageRef.parse(plain);
  } catch {
    return undefined;
  }
}

export const isPinned = (image: Value): boolean => pinnedImage(image) !== undefined;
