import { CONTAINER_TYPES, containersOf } from "../readers";
import { isPulled, pinnedImage } from "../readers/image-text";
import { finding, type Context, type Finding, type Resource, type StackRule } from "../rule";

/** What prod gets is what staging has verified, to the byte. */
export const stackReleaseMatchPromotion: StackRule = {
  scope: "stack",
  id: "PRO-01",
  name: "stack-release-match-promotion",
  title:
    "An environment that takes releases from another runs images of its pinned release only, verified there or here",
  severity: "critical",
  reason: {
    source: "NIST SP 800-204D, 5.1.4 Secure code commits and promotion",
    link: "https://csrc.nist.gov/pubs/sp/800/204/d/final",
  },
  fix: "Pin a verified release: ./ralex promote <from> <stack>; ./ralex releases -s <from> lists them.",
  level: { development: "off", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resources, context) => {
    const [first] = resources;
    if (first === undefined) return [];
    const whole = (message: string): readonly Finding[] => [{ urn: first.urn, path: "", message }];
    const { release } = context;
    if (release === undefined) return whole(`no release is pinned for ${context.stack}`);
    if (release.refusal !== undefined) return whole(release.refusal);
    return resources.flatMap((resource) => foreign(resource, release.images));
  },
};

/** Images of a resource that the release does not have; a mirror may serve them, so digests decide. */
function foreign(resource: Resource, images: NonNullable<Context["release"]>["images"]): readonly Finding[] {
  const digests = new Set(Object.values(images).map((ref) => ref.slice(ref.indexOf("@") + 1)));
  return containersOf(resource).flatMap(({ name, image }) => {
    if (isPulled(resource, image)) return [];
    if (image.isUnknown) return [finding(resource, image, `the image of container ${name} is not known yet`)];
    const pinned = pinnedImage(image);
    if (pinned === undefined || digests.has(pinned.digest)) return [];
    return [finding(resource, image, `the image of container ${name} is not of the pinned release`)];
  });
}
