import { finding, propertiesOf, type ResourceRule } from "../rule";
import { isSecretName, looksSecret } from "../secret-text";

/** Build arguments are in the image's history and in its provenance, for everybody who pulls it. */
export const dockerBuildImageDisallowSecretArguments: ResourceRule = {
  scope: "resource",
  id: "DB-02",
  name: "docker-build-image-disallow-secret-arguments",
  title: "No secret is a build argument",
  severity: "critical",
  reason: {
    source: "CIS Docker Benchmark 4.10; Docker, Build secrets",
    link: "https://docs.docker.com/build/building/secrets/",
  },
  fix: "Hand it over in `secrets` and mount it in the one step that needs it: RUN --mount=type=secret.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "fail",
  types: ["docker-build:index:Image"],
  check: (resource) => {
    const given = propertiesOf(resource).get("buildArgs");
    if (given.isUnknown) return [finding(resource, given, "the build arguments are not known yet")];
    return given.entries().flatMap(([name, value]) => {
      if (isSecretName(name))
        return [{ urn: resource.urn, path: value.path, message: `build argument ${name} is named like a secret` }];
      if (value.isUnknown) return [finding(resource, value, `build argument ${name} is not known yet`)];
      if (!value.isHidden && !looksSecret(value.text ?? "")) return [];
      return [finding(resource, value, `build argument ${name} holds what looks like a secret`)];
    });
  },
};
