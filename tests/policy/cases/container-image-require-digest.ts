import { containerImageRequireDigest } from "../../../policy/rules/container-image-require-digest";
import { UNKNOWN } from "../../../policy/value";
import { CRON_JOB, DEPLOYMENT, DIGEST } from "../support/kubernetes-samples";
import { remove, set, type RuleCases } from "../support/rule-cases";

const POD = "spec.template.spec";
const message = (container: string) =>
  `the image of container ${container} is not named by a digest (repository@sha256:<64 hex>)`;

export const cases: RuleCases = {
  rule: containerImageRequireDigest,
  baseline: [DEPLOYMENT],
  violations: [
    {
      when: "the image has a tag",
      change: set(`${POD}.containers[0].image`, "ralex/ralex-api:latest"),
      path: `${POD}.containers[0].image`,
      message: message("api"),
    },
    {
      when: "the digest is short of a digit",
      change: set(`${POD}.containers[0].image`, `ralex/ralex-api@${DIGEST.slice(0, -1)}`),
      path: `${POD}.containers[0].image`,
      message: message("api"),
    },
    {
      when: "there is no image",
      change: remove(`${POD}.containers[0].image`),
      path: `${POD}.containers[0].image`,
      message: message("api"),
    },
    {
      when: "a CronJob's image has a tag",
      change: () => set(`spec.jobTemplate.${POD}.containers[0].image`, "busybox")([CRON_JOB]),
      path: `spec.jobTemplate.${POD}.containers[0].image`,
      message: message("api"),
    },
  ],
  allowed: [
    {
      when: "a tag stands before the digest",
      change: set(`${POD}.containers[0].image`, `ralex/ralex-api:1.2@${DIGEST}`),
    },
    {
      when: "a patch says nothing of the image",
      change: ([first]) =>
        first === undefined
          ? []
          : remove(`${POD}.containers[0].image`)([{ ...first, type: "kubernetes:apps/v1:DeploymentPatch" }]),
    },
  ],
  unknown: {
    when: "the image is unknown",
    change: set(`${POD}.containers[0].image`, UNKNOWN),
    path: `${POD}.containers[0].image`,
  },
  embedded: [
    {
      when: "an init container's image has a tag",
      change: set(`${POD}.initContainers[0].image`, "busybox:1"),
      path: `${POD}.initContainers[0].image`,
      message: message("wait"),
    },
    {
      when: "a debugging container's image has a tag",
      change: set(`${POD}.ephemeralContainers[0]`, { name: "debug", image: "busybox" }),
      path: `${POD}.ephemeralContainers[0].image`,
      message: message("debug"),
    },
  ],
};
