import { cloudIdentityDisallowEverything } from "../../../policy/rules/cloud-identity-disallow-everything";
import { UNKNOWN } from "../../../policy/value";
import { resource, set, type Change, type RuleCases } from "../support/rule-cases";

const statement = { Effect: "Allow", Action: ["s3:GetObject"], Resource: "arn:aws:s3:::ralex/*" };
const document = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const POLICY = resource("aws:iam/policy:Policy", { policy: document(statement) });

const policy = (...statements: readonly object[]): Change["change"] => set("policy", document(...statements));
const only =
  (type: string, properties: Readonly<Record<string, unknown>>): Change["change"] =>
  () => [resource(type, properties)];
const azure = (id: string) => ({ roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${id}` });

const EVERYTHING = "an identity may do everything";
const UNREADABLE = "the policy is no JSON with a Statement, so nobody can tell what it allows";
const all = { Effect: "Allow", Action: "*", Resource: "*" };

export const cases: RuleCases = {
  rule: cloudIdentityDisallowEverything,
  baseline: [POLICY],
  violations: [
    {
      when: "a policy allows everything",
      change: policy(statement, all),
      path: "policy.Statement[1].Action",
      message: EVERYTHING,
    },
    {
      when: "everything is among the actions, of every service",
      change: policy({ ...all, Action: ["s3:GetObject", "*:*"], Resource: ["*"] }),
      path: "policy.Statement[0].Action[1]",
      message: EVERYTHING,
    },
    {
      when: "everything is among the resources",
      change: policy({ ...all, Resource: ["arn:aws:s3:::ralex", "*"] }),
      path: "policy.Statement[0].Action",
      message: EVERYTHING,
    },
    {
      when: "everything but one action is allowed",
      change: policy({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }),
      path: "policy.Statement[0].NotAction",
      message: EVERYTHING,
    },
    {
      when: "the only statement is in no list",
      change: set("policy", JSON.stringify({ Statement: all })),
      path: "policy.Statement.Action",
      message: EVERYTHING,
    },
    {
      when: "the document is an object of the SDK",
      change: set("policy", { Statement: [all] }),
      path: "policy.Statement[0].Action",
      message: EVERYTHING,
    },
    { when: "the document is no JSON", change: set("policy", "{"), path: "policy", message: UNREADABLE },
    { when: "the document has no statement", change: set("policy", "{}"), path: "policy", message: UNREADABLE },
    {
      when: "a role's own policy allows everything",
      change: only("aws:iam/role:Role", { inlinePolicies: [{ name: "all", policy: document(all) }] }),
      path: "inlinePolicies[0].policy.Statement[0].Action",
      message: EVERYTHING,
    },
    {
      when: "a role's policy allows everything",
      change: only("aws:iam/rolePolicy:RolePolicy", { policy: document(all) }),
      path: "policy.Statement[0].Action",
      message: EVERYTHING,
    },
    {
      when: "a role is an administrator's",
      change: only("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {
        policyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
      }),
      path: "policyArn",
      message: EVERYTHING,
    },
    {
      when: "somebody owns a project of Google",
      change: only("gcp:projects/iAMMember:IAMMember", { role: "roles/owner" }),
      path: "role",
      message: EVERYTHING,
    },
    {
      when: "somebody edits a project of Google",
      change: only("gcp:projects/iAMBinding:IAMBinding", { role: "roles/editor" }),
      path: "role",
      message: EVERYTHING,
    },
    {
      when: "somebody owns a subscription of Azure",
      change: only("azure-native:authorization:RoleAssignment", azure("8E3AF657-A8FF-443C-A75C-2FE8C4BCB635")),
      path: "roleDefinitionId",
      message: EVERYTHING,
    },
    {
      when: "somebody may make owners of a subscription of Azure",
      change: only("azure-native:authorization:RoleAssignment", azure("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9")),
      path: "roleDefinitionId",
      message: EVERYTHING,
    },
  ],
  allowed: [
    { when: "everything is allowed on one bucket", change: policy({ ...all, Resource: "arn:aws:s3:::ralex/*" }) },
    { when: "what ends alike is allowed of every service", change: policy({ ...all, Action: "*Tags" }) },
    { when: "everything of one service is allowed", change: policy({ ...all, Action: "s3:*" }) },
    { when: "everything is denied", change: policy(statement, { ...all, Effect: "Deny" }) },
    { when: "a statement allows nothing that is named", change: policy({ Effect: "Allow", Resource: "*" }) },
    { when: "a role has no policy of its own", change: only("aws:iam/role:Role", {}) },
    {
      when: "an attached policy is made for it",
      change: only("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {
        policyArn: "arn:aws:iam::aws:policy/AdministratorAccess-Amplify",
      }),
    },
    {
      when: "a role of Google is for one thing",
      change: only("gcp:projects/iAMMember:IAMMember", { role: "roles/run.invoker" }),
    },
    {
      when: "a role of Azure is for one thing",
      change: only("azure-native:authorization:RoleAssignment", azure("7f951dda-4ed3-4680-a7ca-43fe172d538d")),
    },
  ],
  unknown: { when: "the document is unknown", change: set("policy", UNKNOWN), path: "policy" },
  embedded: { none: "an identity's policy has no containers" },
};
