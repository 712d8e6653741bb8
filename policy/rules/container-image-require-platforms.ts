import { missingPlatforms } from "../../components/image/evidence/checks";
import { imageFindings } from "../image-findings";
import { CONTAINER_TYPES } from "../readers";
import {
  canonicalType,
  finding,
  propertiesOf,
  type Context,
  type Finding,
  type Resource,
  type ResourceRule,
} from "../rule";

export const BUILD_IMAGE = "docker-build:index:Image";

/** The same release has to run on a laptop of one kind and a server of the other. */
export const containerImageRequirePlatforms: ResourceRule = {
  scope: "resource",
  id: "IMG-06",
  name: "container-image-require-platforms",
  title: "Every image is for every platform of the configuration",
  severity: "high",
  reason: {
    source: "OCI Image Index Specification",
    link: "https://github.com/opencontainers/image-spec/blob/main/image-index.md",
  },
  fix: 'Build it for all of them: `platforms: ["linux/amd64", "linux/arm64"]` of docker-build.Image, which ./ralex build does.',
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "fail",
  types: [...CONTAINER_TYPES, BUILD_IMAGE],
  check: (resource, context) =>
    canonicalType(resource.type) === BUILD_IMAGE ? builtFor(resource, context) : runsOn(resource, context),
};

function builtFor(resource: Resource, { configuration }: Context): readonly Finding[] {
  const platforms = propertiesOf(resource).get("platforms");
  const built = platforms.items();
  const unknown = built.find((one) => one.isUnknown);
  if (unknown !== undefined) return [finding(resource, unknown, "the platforms of the build are not known yet")];
  return configuration.platforms
    .filter((platform) => !built.some(({ text }) => text === platform))
    .map((platform) => finding(resource, platforms, `it is not built for ${platform}`));
}

const runsOn = (resource: Resource, context: Context): readonly Finding[] =>
  imageFindings(resource, context, (facts) => {
    const demanded = context.configuration.platforms;
    // A substitute is for the machine that built it, and says so wherever it runs.
    if (!facts.isOwn) return facts.isSubstitute ? [] : missingPlatforms(facts.platforms, demanded);
    return facts.evidence === undefined ? [] : missingPlatforms(Object.keys(facts.evidence.platforms), demanded);
  });
