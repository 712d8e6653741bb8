import { DEFAULT_REGISTRY, parseMirrors } from "../settings/image-mirror";
import { ImageRef } from "./image-ref";

/**
 * The same digest in a mirror, under the path that it has in its own registry; the image itself where the registry has
 * no mirror. Docker's short names are written out: `nginx` is `library/nginx`.
 * @param setting - the setting `imageMirror`.
 */
export function mirrored(image: ImageRef, setting: string | undefined): ImageRef {
  if (setting === undefined) return image;
  const mirrors = parseMirrors(setting);
  const { registry = DEFAULT_REGISTRY, digest } = image;
  const prefix = mirrors[registry] ?? mirrors[""];
  if (prefix === undefined) return image;
  const isShort = registry === DEFAULT_REGISTRY && !image.path.includes("/");
  return ImageRef.of(`${prefix}/${isShort ? "library/" : ""}${image.path}`, digest);
}
