import { byType, each, type PlainCheck } from "../by-type";
import { allows, oneOrMore, statementsOf } from "../iam-statements";
import { finding, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Whoever gets hold of an identity that may do everything has everything. */
export const cloudIdentityDisallowEverything: ResourceRule = {
  scope: "resource",
  id: "IAM-01",
  name: "cloud-identity-disallow-everything",
  title: "No identity may do everything",
  severity: "critical",
  reason: {
    source: "AWS Security Hub IAM.1; CIS Google Cloud 1.5; CIS Azure 1.23",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-1",
  },
  fix: "Name the actions and the resources that are needed, and give a role made for them in place of an administrator's, owner's or editor's.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    ...each(
      [
        "aws:iam/policy:Policy",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/userPolicy:UserPolicy",
        "aws:iam/groupPolicy:GroupPolicy",
      ],
      (resource, properties) => document(resource, properties.get("policy")),
    ),
    ...each(
      [
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        "aws:iam/policyAttachment:PolicyAttachment",
      ],
      (resource, properties) => {
        const arn = properties.get("policyArn");
        return unless(!/:policy\/AdministratorAccess$/.test(arn.text ?? ""), resource, arn, EVERYTHING);
      },
    ),
    "aws:iam/role:Role": (resource, properties) =>
      properties
        .get("inlinePolicies")
        .items()
        .flatMap((inline) => document(resource, inline.get("policy"))),
    ...each(["gcp:projects/iAMMember:IAMMember", "gcp:projects/iAMBinding:IAMBinding"], (resource, properties) => {
      const role = properties.get("role");
      return unless(!BASIC_ROLES.includes(role.text ?? ""), resource, role, EVERYTHING);
    }),
    "azure-native:authorization:RoleAssignment": (resource, properties) => {
      const role = properties.get("roleDefinitionId");
      const id = (role.text ?? "").split("/").at(-1)?.toLowerCase() ?? "";
      return unless(!AZURE_ADMINISTRATORS.includes(id), resource, role, EVERYTHING);
    },
  }),
};

const EVERYTHING = "an identity may do everything";

/** Google's roles of before IAM, which are for a whole project. */
const BASIC_ROLES: readonly string[] = ["roles/owner", "roles/editor"];

/** Owner, and User Access Administrator, who may make an owner of anybody. Source: Azure built-in roles. */
const AZURE_ADMINISTRATORS: readonly string[] = [
  "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
];

const document: PlainCheck = (resource, text) => {
  const parsed = text.json();
  if (parsed.isUnknown) return [finding(resource, parsed, EVERYTHING)];
  const statements = statementsOf(text);
  if (statements === undefined) {
    return [finding(resource, text, "the policy is no JSON with a Statement, so nobody can tell what it allows")];
  }
  return statements.filter(allows).flatMap((statement) => everything(resource, statement));
};

const isEverything = ({ text = "" }: Value): boolean => /^\*(:\*)?$/.test(text);

/** Everything, or everything but what is named, on everything. */
function everything(resource: Resource, statement: Value): readonly Finding[] {
  if (!oneOrMore(statement.get("Resource")).some(isEverything)) return [];
  const actions = oneOrMore(statement.get("Action")).filter(isEverything);
  const but = oneOrMore(statement.get("NotAction"));
  return [...actions, ...but].slice(0, 1).map((at) => finding(resource, at, EVERYTHING));
}
