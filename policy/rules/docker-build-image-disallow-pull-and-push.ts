import { finding, propertiesOf, type ResourceRule } from "../rule";

/** The provider takes an image that it pulls and pushes for changed at every preview. */
export const dockerBuildImageDisallowPullAndPush: ResourceRule = {
  scope: "resource",
  id: "DB-03",
  name: "docker-build-image-disallow-pull-and-push",
  title: "An image that is pushed does not pull its base anew at every build",
  severity: "medium",
  reason: {
    source: "pulumi-docker-build, provider/internal/image.go, Diff",
    link: "https://github.com/pulumi/pulumi-docker-build/blob/main/provider/internal/image.go",
  },
  fix: "Leave `pull` out, and name the base image by digest: FROM repository@sha256:….",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: ["docker-build:index:Image"],
  check: (resource) => {
    const properties = propertiesOf(resource);
    const pull = properties.get("pull");
    if (pull.isUnknown) return [finding(resource, pull, "whether the base is pulled is not known yet")];
    const isPushed = properties.get("push").isTrue || properties.get("exports").items().length > 0;
    return pull.isTrue && isPushed
      ? [
          finding(
            resource,
            pull,
            "it pulls its base at every build and pushes the result, so every preview has a change",
          ),
        ]
      : [];
  },
};
