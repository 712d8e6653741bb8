import { awsEcrRepositoryProtectImages } from "../../../policy/rules/aws-ecr-repository-protect-images";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, setIn, type Change, type RuleCases } from "../support/rule-cases";

const REPOSITORY = resource("aws:ecr/repository:Repository", {
  imageTagMutability: "IMMUTABLE",
  imageScanningConfiguration: { scanOnPush: true },
});

const promoted = {
  rulePriority: 1,
  selection: {
    tagStatus: "tagged",
    tagPrefixList: ["promoted-"],
    countType: "imageCountMoreThan",
    countNumber: 1000,
  },
  action: { type: "expire" },
};
const old = {
  rulePriority: 2,
  selection: { tagStatus: "any", countType: "sinceImagePushed", countUnit: "days", countNumber: 30 },
  action: { type: "expire" },
};

const policyOf = (...rules: readonly object[]) =>
  resource("aws:ecr/lifecyclePolicy:LifecyclePolicy", { repository: "ralex", policy: JSON.stringify({ rules }) });

const policy =
  (...rules: readonly object[]): Change["change"] =>
  ([repository]) =>
    repository === undefined ? [] : [repository, policyOf(...rules)];

const DELETES =
  "the first rule that means images tagged promoted-* deletes some that an environment may need: " +
  "wanted is imageCountMoreThan 100 or more";
const NO_RULES = "policy is no JSON with a list of rules, so nobody can tell what is deleted";

const selecting = (changes: object) => ({ ...old, rulePriority: 1, selection: { ...old.selection, ...changes } });

export const cases: RuleCases = {
  rule: awsEcrRepositoryProtectImages,
  baseline: [REPOSITORY, policyOf(promoted, old)],
  violations: [
    {
      when: "tags can be moved",
      change: set("imageTagMutability", "MUTABLE"),
      path: "imageTagMutability",
      message: "a tag can be moved to another image: IMMUTABLE is wanted",
    },
    {
      when: "nothing is said of tags",
      change: remove("imageTagMutability"),
      path: "imageTagMutability",
      message: "a tag can be moved to another image: IMMUTABLE is wanted",
    },
    {
      when: "nothing is scanned",
      change: remove("imageScanningConfiguration"),
      path: "imageScanningConfiguration.scanOnPush",
      message: "images are not scanned when they are pushed",
    },
    { when: "every image goes by its age", change: policy(old), path: "policy.rules[0].selection", message: DELETES },
    {
      when: "the rule that keeps promoted images comes second",
      change: policy({ ...promoted, rulePriority: 3 }, old),
      path: "policy.rules[1].selection",
      message: DELETES,
    },
    {
      when: "a rule has no priority, and so comes last",
      change: policy({ ...promoted, rulePriority: undefined }, old),
      path: "policy.rules[1].selection",
      message: DELETES,
    },
    {
      when: "promoted images go by their age",
      change: policy({ ...promoted, selection: { ...promoted.selection, countType: "sinceImagePushed" } }),
      path: "policy.rules[0].selection",
      message: DELETES,
    },
    {
      when: "one promoted image less than a hundred is kept",
      change: policy({ ...promoted, selection: { ...promoted.selection, countNumber: 99 } }),
      path: "policy.rules[0].selection",
      message: DELETES,
    },
    {
      when: "a rule's prefix means some of the promoted ones",
      change: policy(selecting({ tagStatus: "tagged", tagPrefixList: ["x", "promoted-prod-"] })),
      path: "policy.rules[0].selection",
      message: DELETES,
    },
    {
      when: "a rule's prefix means more than the promoted ones",
      change: policy(selecting({ tagStatus: "tagged", tagPrefixList: ["pro"] })),
      path: "policy.rules[0].selection",
      message: DELETES,
    },
    {
      when: "a rule's pattern means some of the promoted ones",
      change: policy(selecting({ tagStatus: "tagged", tagPatternList: ["promoted-dev-1"] })),
      path: "policy.rules[0].selection",
      message: DELETES,
    },
    {
      when: "a rule's pattern means more than the promoted ones",
      change: policy(selecting({ tagStatus: "tagged", tagPatternList: ["prom*-1"] })),
      path: "policy.rules[0].selection",
      message: DELETES,
    },
    { when: "the policy is no JSON", change: setIn(1, "policy", "{"), path: "policy", message: NO_RULES },
    { when: "the policy has no rules", change: setIn(1, "policy", "{}"), path: "policy", message: NO_RULES },
  ],
  allowed: [
    { when: "some tags are excluded", change: set("imageTagMutability", "IMMUTABLE_WITH_EXCLUSION") },
    {
      when: "a hundred promoted images are kept",
      change: policy({ ...promoted, selection: { ...promoted.selection, countNumber: 100 } }, old),
    },
    { when: "there is no lifecycle policy", change: ([repository]) => (repository === undefined ? [] : [repository]) },
    { when: "only untagged images go", change: policy(selecting({ tagStatus: "untagged" })) },
    {
      when: "only images of other tags go",
      change: policy(selecting({ tagStatus: "tagged", tagPrefixList: ["pr-"] })),
    },
    {
      when: "only images of another pattern go",
      change: policy(selecting({ tagStatus: "tagged", tagPatternList: ["prom"] })),
    },
    { when: "the policy is an object, not a text", change: setIn(1, "policy", { rules: [promoted, old] }) },
  ],
  unknown: { when: "the policy is unknown", change: setIn(1, "policy", UNKNOWN), path: "policy" },
  embedded: { none: "a registry runs no containers" },
};
