import { byType, each, type TypeCheck } from "../by-type";
import { finding, type StackRule } from "../rule";

/** Who pays and is called, for which environment it is, and which commit made it. */
const TAGS: readonly string[] = ["owner", "environment", "commit"];

/** @param places - where the platform has tags, those that it adds by itself included; the first is where they are missed. */
const tagged =
  (...places: readonly (readonly string[])[]): TypeCheck =>
  (resource, properties) => {
    const given = places.map((place) => properties.at(...place));
    const at = given.find(({ isUnknown }) => isUnknown) ?? given[0];
    if (at === undefined) return [];
    const names = new Set(given.flatMap((tags) => tags.entries().map(([name]) => name.toLowerCase())));
    const missing = TAGS.filter((tag) => !names.has(tag));
    return missing.length === 0 ? [] : [finding(resource, at, `it has no tag ${missing.join(", ")}`)];
  };

const TAGGED = byType({
  ...each(
    [
      "aws:ecr/repository:Repository",
      "aws:ecs/service:Service",
      "aws:ecs/taskDefinition:TaskDefinition",
      "aws:eks/cluster:Cluster",
      "aws:elasticache/replicationGroup:ReplicationGroup",
      "aws:lb/loadBalancer:LoadBalancer",
      "aws:rds/cluster:Cluster",
      "aws:rds/instance:Instance",
      "aws:s3/bucket:Bucket",
    ],
    tagged(["tags"], ["tagsAll"]),
  ),
  ...each(
    [
      "gcp:cloudrunv2/job:Job",
      "gcp:cloudrunv2/service:Service",
      "gcp:redis/instance:Instance",
      "gcp:storage/bucket:Bucket",
    ],
    tagged(["labels"], ["effectiveLabels"]),
  ),
  "gcp:container/cluster:Cluster": tagged(["resourceLabels"], ["effectiveLabels"]),
  "gcp:sql/databaseInstance:DatabaseInstance": tagged(["settings", "userLabels"]),
  ...each(
    [
      "azure-native:containerinstance:ContainerGroup",
      "azure-native:containerservice:ManagedCluster",
      "azure-native:dbforpostgresql:Server",
      "azure-native:network:ApplicationGateway",
      "azure-native:redisenterprise:RedisEnterprise",
      "azure-native:storage:StorageAccount",
    ],
    tagged(["tags"]),
  ),
});

/** What nobody knows the owner of is neither paid for nor dared to be deleted. */
export const cloudResourceRequireTags: StackRule = {
  scope: "stack",
  id: "TAG-01",
  name: "cloud-resource-require-tags",
  title: `What costs says whose it is: ${TAGS.join(", ")}`,
  severity: "low",
  reason: {
    source: "AWS, Best practices for tagging",
    link: "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
  },
  fix: `Give it the tags ${TAGS.join(", ")} (labels on Google), or the provider as defaultTags (defaultLabels).`,
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: TAGGED.types,
  // Of the stack as a whole, since a provider's default tags are among what it answers, and not among what is asked of it.
  check: (resources, context) => resources.flatMap((resource) => TAGGED.check(resource, context)),
};
