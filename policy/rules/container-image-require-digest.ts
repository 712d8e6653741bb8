import { finding, type ResourceRule } from "../rule";
import { CONTAINER_TYPES, containersOf } from "../readers";
import { isPinned, isPulled } from "../readers/image-text";
import { PATCH_TYPES } from "../readers/kubernetes";

/** A tag names whatever was pushed last, so what was approved and what runs may differ. */
export const containerImageRequireDigest: ResourceRule = {
  scope: "resource",
  id: "IMG-01",
  name: "container-image-require-digest",
  title: "Every image is named by its digest",
  severity: "critical",
  reason: {
    source: "NSA Kubernetes Hardening Guide, Container image security; pulumi-docker#726",
    link: "https://github.com/pulumi/pulumi-docker/issues/726",
  },
  fix: "Name the image as repository@sha256:<64 hex>: take it from the pinned release (./ralex promote) or from the image lock.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resource) =>
    containersOf(resource)
      .filter(({ image }) => !isPinned(image) && !isPulled(resource, image))
      .filter(({ image }) => !(image.isAbsent && PATCH_TYPES.includes(resource.type)))
      .map(({ name, image }) =>
        finding(
          resource,
          image,
          `the image of container ${name} is not named by a digest (repository@sha256:<64 hex>)`,
        ),
      ),
};
