import { stackImageMatchDigest } from "../../../policy/rules/stack-image-match-digest";
import { stackReleaseMatchPromotion } from "../../../policy/rules/stack-release-match-promotion";
import { UNKNOWN } from "../../../policy/value";
import { DEPLOYMENT, DIGEST, IMAGE, OTHER_DIGEST } from "../support/kubernetes-samples";
import { CONTAINER } from "../support/local-samples";
import { resource, set, type RuleCases } from "../support/rule-cases";

const POD = "spec.template.spec";
const AT = `${POD}.containers[0].image`;
const INIT = `${POD}.initContainers[0].image`;
const OTHER = `registry.example/ralex/ralex-api@${OTHER_DIGEST}`;

const PULLED = resource("docker:index/remoteImage:RemoteImage", { name: IMAGE });
/** A container that runs what another resource pulls, whose id no preview knows. */
const RUNS_PULLED = {
  ...CONTAINER,
  properties: { ...CONTAINER.properties, image: UNKNOWN },
  dependencies: { image: [PULLED] },
};

const release = { id: "r-1", images: { "ralex-api": `mirror.example/ralex-api@${DIGEST}` }, refusal: undefined };
const unchanged = <T>(resources: T): T => resources;

export const cases: readonly RuleCases[] = [
  {
    rule: stackReleaseMatchPromotion,
    baseline: [DEPLOYMENT],
    context: { release },
    violations: [
      {
        when: "no release is pinned",
        change: unchanged,
        context: { release: undefined },
        path: "",
        message: "no release is pinned for prod",
      },
      {
        when: "the release was not verified in the environment before",
        change: unchanged,
        context: { release: { ...release, refusal: "release r-1 is not verified in staging" } },
        path: "",
        message: "release r-1 is not verified in staging",
      },
      {
        when: "an image is not of the release",
        change: set(AT, OTHER),
        path: AT,
        message: "the image of container api is not of the pinned release",
      },
    ],
    allowed: [
      { when: "a mirror serves the same digest", change: set(AT, `elsewhere.example/api@${DIGEST}`) },
      { when: "a container runs what is pulled by another resource", change: () => [PULLED, RUNS_PULLED] },
      { when: "an image has a tag, which is IMG-01's", change: set(AT, "ralex:1") },
    ],
    unknown: { when: "an image is unknown", change: set(AT, UNKNOWN), path: AT },
    embedded: [
      {
        when: "the image of an init container is not of the release",
        change: set(INIT, OTHER),
        path: INIT,
        message: "the image of container wait is not of the pinned release",
      },
    ],
  },
  {
    rule: stackImageMatchDigest,
    baseline: [DEPLOYMENT],
    violations: [
      {
        when: "two containers of a pod run different digests",
        change: set(AT, OTHER),
        path: AT,
        message: "container api runs another digest of ralex-api than the containers before it",
      },
      {
        when: "another resource runs another digest, from another registry",
        change: ([first]) => [
          ...(first === undefined ? [] : [first]),
          ...set("image", `mirror.example/ralex-api@${OTHER_DIGEST}`)([CONTAINER]),
        ],
        path: "image",
        message: "container api runs another digest of ralex-api than the containers before it",
      },
    ],
    allowed: [
      { when: "they run different images", change: set(AT, `registry.example/ralex/probe@${OTHER_DIGEST}`) },
      { when: "a container runs what is pulled by another resource", change: () => [PULLED, RUNS_PULLED] },
      { when: "one has a tag, which is IMG-01's", change: set(AT, "registry.example/ralex/ralex-api:1") },
    ],
    unknown: { when: "an image is unknown", change: set(AT, UNKNOWN), path: AT },
    embedded: [
      {
        when: "a debugging container runs another digest",
        change: set(`${POD}.ephemeralContainers[0]`, { name: "debug", image: OTHER }),
        path: `${POD}.ephemeralContainers[0].image`,
        message: "container debug runs another digest of ralex-api than the containers before it",
      },
    ],
  },
];
