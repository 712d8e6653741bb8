import { CONTAINER_TYPES, containersOf } from "../readers";
import { repositoryOf } from "../readers/image-text";
import { finding, type ResourceRule } from "../rule";

/** Whoever may push to a registry decides what runs, so the list of registries is part of what is reviewed. */
export const containerImageRequireAllowedRegistry: ResourceRule = {
  scope: "resource",
  id: "IMG-02",
  name: "container-image-require-allowed-registry",
  title: "Every image comes from a registry that the pack's configuration lists",
  severity: "high",
  reason: {
    source: "NSA Kubernetes Hardening Guide 1.2, Building secure container images",
    link: "https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF",
  },
  fix: "Mirror the image to a listed registry (ralex:imageMirror), or list its repository in `registries` of policy/config/<stack>.json.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resource, { configuration: { registries } }) =>
    registries.length === 0
      ? []
      : containersOf(resource)
          .filter(
            ({ image }) =>
              image.text !== undefined && !registries.some((one) => isBelow(repositoryOf(image.text ?? ""), one)),
          )
          .map(({ name, image }) =>
            finding(resource, image, `the image of container ${name} comes from a registry that is not listed`),
          ),
};

/** Whole parts of a path count: `ghcr.io/acme` does not allow `ghcr.io/acme-evil`. */
const isBelow = (repository: string, allowed: string): boolean =>
  repository === allowed || repository.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`);
