import { finding, propertiesOf, type Finding, type ResourceRule } from "../rule";

/** A build whose result goes nowhere, or that reaches more than it needs, is not what was meant. */
export const dockerBuildImageConfigureBuild: ResourceRule = {
  scope: "resource",
  id: "DB-04",
  name: "docker-build-image-configure-build",
  title: "A build exports its image, has no tag latest, and reaches neither the host's network nor its SSH agent",
  severity: "low",
  reason: {
    source: "Dockerfile best practices; BuildKit, Insecure entitlements",
    link: "https://docs.docker.com/build/building/best-practices/",
  },
  fix: "Set `push: true` or `exports`, name a version as tag, leave `network: host` out, and give `ssh` an id of its own.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: ["docker-build:index:Image"],
  check: (resource): readonly Finding[] => {
    const properties = propertiesOf(resource);
    const [push, exports, load] = [properties.get("push"), properties.get("exports"), properties.get("load")];
    const goesSomewhere = push.isTrue || load.isTrue || exports.items().length > 0;
    return [
      ...(goesSomewhere
        ? []
        : [finding(resource, push, "its result goes nowhere: neither push, load nor exports is set")]),
      ...properties
        .get("tags")
        .items()
        .filter(({ text, isUnknown }) => isUnknown || isLatest(text ?? ""))
        .map((tag) => finding(resource, tag, "its tag is latest, or none, which is the same")),
      ...(properties.get("network").text === "host"
        ? [finding(resource, properties.get("network"), "it builds in the host's network")]
        : []),
      ...properties
        .get("ssh")
        .items()
        .filter((one) => one.get("id").text === "default")
        .map((one) => finding(resource, one.get("id"), "it reaches the default SSH agent")),
    ];
  },
};

const isLatest = (tag: string): boolean => !/:[^:/]+$/.test(tag) || tag.endsWith(":latest");
