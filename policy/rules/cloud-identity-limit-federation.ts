import { byType, type PlainCheck } from "../by-type";
import { allows, oneOrMore, statementsOf } from "../iam-statements";
import { finding, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Where GitHub's workflows get their tokens; the subject says which repository, and which environment of it, asks. */
const GITHUB = "token.actions.githubusercontent.com";

/** One repository and one environment: a pull request's workflow has another subject, and a wildcard takes in anybody's. */
const SUBJECT = /^repo:[^:*?/]+\/[^:*?]+:environment:[^*?]+$/;

/** A role that any workflow may take is everybody's who can open a pull request. */
export const cloudIdentityLimitFederation: ResourceRule = {
  scope: "resource",
  id: "IAM-02",
  name: "cloud-identity-limit-federation",
  title: "A workflow's token opens a cloud for one repository and one environment only",
  severity: "critical",
  reason: {
    source: "GitHub, Security hardening with OpenID Connect",
    link: "https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect",
  },
  fix: "Compare the subject with repo:<owner>/<repository>:environment:<environment>, and the audience, by StringEquals; on Google write both into attributeCondition.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:iam/role:Role": (resource, properties) => awsRole(resource, properties.get("assumeRolePolicy")),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (resource, properties) => {
      if (!isGithub(properties.at("oidc", "issuerUri"))) return [];
      const condition = properties.get("attributeCondition");
      const text = condition.text ?? "";
      const isLimited =
        /assertion\.(repository|sub)\s*==|attribute\.repository\s*==/.test(text) &&
        /assertion\.environment\s*==|:environment:/.test(text);
      return unless(isLimited, resource, condition, OPEN);
    },
    "azure-native:managedidentity:FederatedIdentityCredential": (resource, properties) => {
      if (!isGithub(properties.get("issuer"))) return [];
      const subject = properties.get("subject");
      return unless(SUBJECT.test(subject.text ?? ""), resource, subject, OPEN);
    },
  }),
};

const OPEN = "a workflow of another repository or environment is let in: one of each is wanted";

const isGithub = ({ text = "" }: Value): boolean => text.includes(GITHUB);

const awsRole: PlainCheck = (resource, text) => {
  const parsed = text.json();
  if (parsed.isUnknown) return [finding(resource, parsed, OPEN)];
  const statements = statementsOf(text);
  if (statements === undefined) {
    return [finding(resource, text, "the policy is no JSON with a Statement, so nobody can tell who is let in")];
  }
  return statements
    .filter(allows)
    .filter((statement) => oneOrMore(statement.at("Principal", "Federated")).some(isGithub))
    .flatMap((statement) => limited(resource, statement.get("Condition")));
};

/** StringLike without a wildcard is as good as StringEquals. */
function limited(resource: Resource, condition: Value): readonly Finding[] {
  const compared = (claim: string): readonly Value[] =>
    ["StringEquals", "StringLike"].flatMap((operator) => oneOrMore(condition.get(operator).get(`${GITHUB}:${claim}`)));
  const subjects = compared("sub");
  const wide = subjects.filter((subject) => subject.isUnknown || !SUBJECT.test(subject.text ?? ""));
  return [
    ...(subjects.length === 0 ? [finding(resource, condition, OPEN)] : []),
    ...wide.map((subject) => finding(resource, subject, OPEN)),
    ...(compared("aud").length === 0
      ? [finding(resource, condition, "a token that was made for another audience is taken")]
      : []),
  ];
}
