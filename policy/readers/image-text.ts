/** Images as texts of a resource's properties. */
import { ImageRef } from "../../components/image/image-ref";
import { canonicalType, type Resource } from "../rule";
import type { Value } from "../value";
import { DOCKER_IMAGE } from "./docker";

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

/** The id of an image on an engine: the digest of its configuration. */
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;

export const isPinned = (image: Value): boolean => pinnedImage(image) !== undefined || IMAGE_ID.test(image.text ?? "");

/**
 * Whether a container runs what another resource of the stack pulls, whose id the engine tells when it has pulled it: that
 * resource names the image, and is judged for it.
 */
export const isPulled = (resource: Resource, image: Value): boolean => {
  const sources = resource.dependencies?.[image.path] ?? [];
  return image.isUnknown && sources.length > 0 && sources.every(({ type }) => canonicalType(type) === DOCKER_IMAGE);
};

/** The engine's registry where an image names none, and its folder of official images. */
const DEFAULT_REGISTRY = "docker.io";

/** Registry and repository of an image, whether by tag or digest: `nginx:1` is docker.io/library/nginx. */
export function repositoryOf(image: string): string {
  const [beforeDigest = ""] = image.split("@");
  const plain = beforeDigest.replace(/:[^:/]*$/, "");
  const [first = "", ...rest] = plain.split("/");
  if (rest.length === 0) return `${DEFAULT_REGISTRY}/library/${plain}`;
  const isHost = first.includes(".") || first.includes(":") || first === "localhost";
  return isHost ? plain : `${DEFAULT_REGISTRY}/${plain}`;
}
