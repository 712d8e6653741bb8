import { cloudResourceRequireTags } from "../../../policy/rules/cloud-resource-require-tags";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const tags = { Owner: "ralex@example.com", Environment: "prod", Commit: "0123456789abcdef0123456789abcdef01234567" };
const labels = { owner: "ralex", environment: "prod", commit: "0123456" };
const AWS = resource("aws:rds/instance:Instance", { tags });
const GOOGLE = resource("gcp:cloudrunv2/service:Service", { labels });
const CLOUD_SQL = resource("gcp:sql/databaseInstance:DatabaseInstance", { settings: { userLabels: labels } });
const GKE = resource("gcp:container/cluster:Cluster", { resourceLabels: labels });
const AZURE = resource("azure-native:containerinstance:ContainerGroup", { tags: labels });

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const NONE = "it has no tag owner, environment, commit";

export const cases: RuleCases = {
  rule: cloudResourceRequireTags,
  baseline: [AWS, GOOGLE, CLOUD_SQL, GKE, AZURE],
  violations: [
    { when: "it has no tags", change: remove("tags"), path: "tags", message: NONE },
    { when: "nobody owns it", change: remove("tags.Owner"), path: "tags", message: "it has no tag owner" },
    {
      when: "its environment and its commit are not said",
      change: set("tags", { owner: "ralex" }),
      path: "tags",
      message: "it has no tag environment, commit",
    },
    { when: "it has no labels", change: on(GOOGLE, remove("labels")), path: "labels", message: NONE },
    {
      when: "it has no labels of its user's",
      change: on(CLOUD_SQL, remove("settings")),
      path: "settings.userLabels",
      message: NONE,
    },
    {
      when: "a cluster has no labels",
      change: on(GKE, remove("resourceLabels")),
      path: "resourceLabels",
      message: NONE,
    },
    { when: "it has no tags on Azure", change: on(AZURE, remove("tags")), path: "tags", message: NONE },
  ],
  allowed: [
    { when: "the provider adds them", change: () => [resource("aws:rds/instance:Instance", { tagsAll: tags })] },
    {
      when: "the provider adds one",
      change: () => [
        resource("gcp:cloudrunv2/service:Service", {
          labels: { owner: "ralex" },
          effectiveLabels: { environment: "prod", commit: "0123456" },
        }),
      ],
    },
  ],
  unknown: {
    when: "it is unknown what the provider adds",
    change: () => [resource("aws:rds/instance:Instance", { tagsAll: UNKNOWN })],
    path: "tagsAll",
  },
  embedded: { none: "what costs is a resource, and no container" },
};
