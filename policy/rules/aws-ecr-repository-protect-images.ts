import { byType } from "../by-type";
import { finding, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** What `./ralex promote` tags an image with that an environment runs, or may go back to. */
const PROMOTED = "promoted-";
/** Images with that tag that a lifecycle rule has to leave: years of releases, and never their age. */
const LEAST_KEPT = 100;

/** A tag that can be moved, an image that nobody scanned, and a rollback target that a clean-up deleted. */
export const awsEcrRepositoryProtectImages: ResourceRule = {
  scope: "resource",
  id: "AWS-01",
  name: "aws-ecr-repository-protect-images",
  title: "A registry's images are immutable and scanned, and promoted ones are kept",
  severity: "high",
  reason: {
    source: "AWS Security Hub ECR.1, ECR.2, ECR.3",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html",
  },
  fix: `Set imageTagMutability IMMUTABLE and imageScanningConfiguration.scanOnPush true; give the lifecycle policy a first rule that keeps ${LEAST_KEPT} or more images tagged ${PROMOTED}*.`,
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:ecr/repository:Repository": (resource, properties) => [
      ...unless(
        (properties.get("imageTagMutability").text ?? "").startsWith("IMMUTABLE"),
        resource,
        properties.get("imageTagMutability"),
        "a tag can be moved to another image: IMMUTABLE is wanted",
      ),
      ...unless(
        properties.at("imageScanningConfiguration", "scanOnPush").isTrue,
        resource,
        properties.at("imageScanningConfiguration", "scanOnPush"),
        "images are not scanned when they are pushed",
      ),
    ],
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": (resource, properties) => lifecycle(resource, properties.get("policy")),
  }),
};

/** ECR gives an image to the first rule that means it, by priority; later rules cannot expire it. */
function lifecycle(resource: Resource, text: Value): readonly Finding[] {
  const policy = text.json();
  if (policy.isUnknown) return [finding(resource, policy, "the lifecycle policy is unknown")];
  const rules = policy.get("rules");
  if (!Array.isArray(rules.raw)) {
    return [finding(resource, text, "policy is no JSON with a list of rules, so nobody can tell what is deleted")];
  }
  const ordered = [...rules.items()].sort((a, b) => priority(a) - priority(b));
  const first = ordered.find((rule) => meansPromoted(rule.get("selection")));
  if (first === undefined || keeps(first.get("selection"))) return [];
  return [
    finding(
      resource,
      first.get("selection"),
      `the first rule that means images tagged ${PROMOTED}* deletes some that an environment may need: ` +
        `wanted is imageCountMoreThan ${LEAST_KEPT} or more`,
    ),
  ];
}

const priority = (rule: Value): number => rule.get("rulePriority").number ?? Number.MAX_SAFE_INTEGER;

const keeps = (selection: Value): boolean =>
  selection.get("countType").text === "imageCountMoreThan" && (selection.get("countNumber").number ?? 0) >= LEAST_KEPT;

/** A rule without prefixes and patterns means every image; one of untagged images means no promoted one. */
function meansPromoted(selection: Value): boolean {
  const status = selection.get("tagStatus").text ?? "any";
  if (status !== "tagged") return status === "any";
  const prefixes = selection.get("tagPrefixList").items();
  const patterns = selection.get("tagPatternList").items();
  return (
    prefixes.some(({ text = "" }) => text.startsWith(PROMOTED) || PROMOTED.startsWith(text)) ||
    patterns.some(({ text = "" }) => {
      const fixed = text.split("*")[0] ?? "";
      return fixed.startsWith(PROMOTED) || (text.includes("*") && PROMOTED.startsWith(fixed));
    })
  );
}
