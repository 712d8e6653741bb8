import { cloudIdentityLimitFederation } from "../../../policy/rules/cloud-identity-limit-federation";
import { UNKNOWN } from "../../../policy/value";
import { resource, set, type Change, type RuleCases } from "../support/rule-cases";

const HOST = "token.actions.githubusercontent.com";
const SUBJECT = "repo:ralex/infrastructure:environment:prod";
const statement = (condition: unknown, federated: unknown = `arn:aws:iam::111122223333:oidc-provider/${HOST}`) => ({
  Effect: "Allow",
  Principal: { Federated: federated },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: condition,
});
const equals = (sub: unknown, operator = "StringEquals") => ({
  StringEquals: { [`${HOST}:aud`]: "sts.amazonaws.com" },
  [operator]: { [`${HOST}:sub`]: sub, [`${HOST}:aud`]: "sts.amazonaws.com" },
});
const trust = (...statements: readonly object[]) => JSON.stringify({ Statement: statements });
const ROLE = resource("aws:iam/role:Role", { assumeRolePolicy: trust(statement(equals(SUBJECT))) });
const GOOGLE = resource("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", {
  oidc: { issuerUri: `https://${HOST}` },
  attributeCondition: 'assertion.repository == "ralex/infrastructure" && assertion.environment == "prod"',
});
const AZURE = resource("azure-native:managedidentity:FederatedIdentityCredential", {
  issuer: `https://${HOST}`,
  subject: SUBJECT,
});

const trusts = (...statements: readonly object[]): Change["change"] => set("assumeRolePolicy", trust(...statements));
const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const OPEN = "a workflow of another repository or environment is let in: one of each is wanted";
const AUDIENCE = "a token that was made for another audience is taken";
const UNREADABLE = "the policy is no JSON with a Statement, so nobody can tell who is let in";
const AT = "assumeRolePolicy.Statement[0].Condition";
const SUB = `${AT}.StringEquals["${HOST}:sub"]`;

export const cases: RuleCases = {
  rule: cloudIdentityLimitFederation,
  baseline: [ROLE, GOOGLE, AZURE],
  violations: [
    {
      when: "every branch of a repository is let in",
      change: trusts(statement(equals("repo:ralex/infrastructure:*"))),
      path: SUB,
      message: OPEN,
    },
    {
      when: "a pull request is let in",
      change: trusts(statement(equals("repo:ralex/infrastructure:pull_request"))),
      path: SUB,
      message: OPEN,
    },
    {
      when: "every repository's environment is let in",
      change: trusts(statement(equals("repo:ralex/*:environment:prod", "StringLike"))),
      path: `${AT}.StringLike["${HOST}:sub"]`,
      message: OPEN,
    },
    {
      when: "one of several subjects is a wildcard",
      change: trusts(statement(equals([SUBJECT, "repo:ralex/infrastructure:environment:*"]))),
      path: `${SUB}[1]`,
      message: OPEN,
    },
    {
      when: "a subject is one in the middle of another",
      change: trusts(statement(equals(`x${SUBJECT}`))),
      path: SUB,
      message: OPEN,
    },
    {
      when: "no subject is compared",
      change: trusts(statement({ StringEquals: { [`${HOST}:aud`]: "sts.amazonaws.com" } })),
      path: AT,
      message: OPEN,
    },
    {
      when: "no audience is compared",
      change: trusts(statement({ StringEquals: { [`${HOST}:sub`]: SUBJECT } })),
      path: AT,
      message: AUDIENCE,
    },
    {
      when: "the document is no JSON",
      change: set("assumeRolePolicy", "{"),
      path: "assumeRolePolicy",
      message: UNREADABLE,
    },
    {
      when: "Google asks for a repository alone",
      change: on(GOOGLE, set("attributeCondition", 'assertion.repository == "ralex/infrastructure"')),
      path: "attributeCondition",
      message: OPEN,
    },
    {
      when: "Google asks for an environment alone",
      change: on(GOOGLE, set("attributeCondition", 'assertion.environment == "prod"')),
      path: "attributeCondition",
      message: OPEN,
    },
    {
      when: "Google asks for nothing",
      change: on(GOOGLE, set("attributeCondition", undefined)),
      path: "attributeCondition",
      message: OPEN,
    },
    {
      when: "Azure lets a branch in",
      change: on(AZURE, set("subject", "repo:ralex/infrastructure:ref:refs/heads/main")),
      path: "subject",
      message: OPEN,
    },
  ],
  allowed: [
    {
      when: "a subject is compared as a pattern without a wildcard",
      change: trusts(statement(equals(SUBJECT, "StringLike"))),
    },
    {
      when: "two environments are named",
      change: trusts(statement(equals([SUBJECT, "repo:ralex/infrastructure:environment:staging"]))),
    },
    {
      when: "another provider's tokens are let in",
      change: trusts(statement({}, "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/1")),
    },
    {
      when: "several providers are named, none of them GitHub",
      change: trusts(statement({}, ["cognito-identity.amazonaws.com", "accounts.google.com"])),
    },
    {
      when: "a service of AWS is let in",
      change: trusts({ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" } }),
    },
    { when: "everybody is kept out", change: trusts({ ...statement({}), Effect: "Deny" }) },
    {
      when: "Google compares the subject, which has both",
      change: on(GOOGLE, set("attributeCondition", `assertion.sub=="${SUBJECT}"`)),
    },
    {
      when: "Google's condition has no spaces",
      change: on(
        GOOGLE,
        set("attributeCondition", "attribute.repository=='ralex/infrastructure'&&assertion.environment=='prod'"),
      ),
    },
    {
      when: "Google compares an attribute that it mapped",
      change: on(
        GOOGLE,
        set("attributeCondition", 'attribute.repository == "ralex/infrastructure" && assertion.environment == "prod"'),
      ),
    },
    {
      when: "Google lets another provider's tokens in",
      change: on(GOOGLE, () => [{ ...GOOGLE, properties: { oidc: { issuerUri: "https://gitlab.example" } } }]),
    },
    {
      when: "Azure lets another provider's tokens in",
      change: on(AZURE, () => [{ ...AZURE, properties: { issuer: "https://gitlab.example", subject: "*" } }]),
    },
  ],
  unknown: { when: "the document is unknown", change: set("assumeRolePolicy", UNKNOWN), path: "assumeRolePolicy" },
  embedded: { none: "who may take an identity has nothing to do with containers" },
};
