import { CONTAINER_TYPES, containersOf } from "../readers";
import { isPulled, pinnedImage } from "../readers/image-text";
import { finding, type Resource, type StackRule } from "../rule";
import type { Value } from "../value";

/** Two versions of one image in a stack are a release that nobody has verified. */
export const stackImageMatchDigest: StackRule = {
  scope: "stack",
  id: "PRO-02",
  name: "stack-image-match-digest",
  title: "All containers of a stack that run an image run the same digest of it",
  severity: "high",
  reason: {
    source: "The Twelve-Factor App, V. Build, release, run",
    link: "https://12factor.net/build-release-run",
  },
  fix: "Take every image from one release: run ./ralex promote again, and name no digest by hand.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: CONTAINER_TYPES,
  check: (resources) => {
    const first = new Map<string, string>();
    return resources.flatMap((resource) =>
      images(resource).flatMap(({ container, value }) => {
        if (isPulled(resource, value)) return [];
        if (value.isUnknown) return [finding(resource, value, `the image of container ${container} is not known yet`)];
        const ref = pinnedImage(value);
        // A mirror serves the same image from another registry, below another path.
        const name = ref?.path.split("/").at(-1);
        if (ref === undefined || name === undefined) return [];
        const digest = first.get(name) ?? ref.digest;
        first.set(name, digest);
        if (digest === ref.digest) return [];
        return [
          finding(
            resource,
            value,
            `container ${container} runs another digest of ${name} than the containers before it`,
          ),
        ];
      }),
    );
  },
};

const images = (resource: Resource): readonly { readonly container: string; readonly value: Value }[] =>
  containersOf(resource).map(({ name, image }) => ({ container: name, value: image }));
