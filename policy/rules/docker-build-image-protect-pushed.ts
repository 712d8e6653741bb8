import type { Finding, ResourceRule } from "../rule";

export const BUILT_TYPES = ["docker-build:index:Image", "docker-build:index:Index"] as const;

/** The provider deletes what it pushed when its resource goes, and another environment may run that digest. */
export const dockerBuildImageProtectPushed: ResourceRule = {
  scope: "resource",
  id: "DB-01",
  name: "docker-build-image-protect-pushed",
  title: "What was pushed stays when its resource is removed or replaced",
  severity: "high",
  reason: {
    source: "pulumi-docker-build, provider/internal/index.go, Delete",
    link: "https://github.com/pulumi/pulumi-docker-build/blob/main/provider/internal/index.go",
  },
  fix: "Give the resource the option `retainOnDelete: true`. A preview does not tell a policy that option: ./ralex policy check -s <stack> reads it from the state.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: BUILT_TYPES,
  check: ({ urn, options: { retainOnDelete } }): readonly Finding[] => {
    if (retainOnDelete === true) return [];
    const message = "what it pushed is deleted with it: retainOnDelete is not set";
    if (retainOnDelete === false) return [{ urn, path: "", message }];
    return [{ urn, path: "", message: "the engine does not tell whether retainOnDelete is set", isUndecided: true }];
  },
};
