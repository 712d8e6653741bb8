import type { ResourceRule } from "../rule";

/** What holds data; Docker's volumes are LOC-07's. */
const DATA_TYPES: readonly string[] = [
  "kubernetes:core/v1:PersistentVolumeClaim",
  "aws:rds/instance:Instance",
  "aws:rds/cluster:Cluster",
  "aws:elasticache/replicationGroup:ReplicationGroup",
  "aws:efs/fileSystem:FileSystem",
  "aws:s3/bucket:Bucket",
  "aws:ecr/repository:Repository",
  "gcp:sql/databaseInstance:DatabaseInstance",
  "gcp:redis/instance:Instance",
  "gcp:storage/bucket:Bucket",
  "gcp:filestore/instance:Instance",
  "azure-native:dbforpostgresql:Server",
  "azure-native:redis:Redis",
  "azure-native:redisenterprise:RedisEnterprise",
  "azure-native:storage:StorageAccount",
];

/** A renamed resource, a wrong stack or a hasty destroy must not be able to delete data. */
export const resourceDataRequireProtection: ResourceRule = {
  scope: "resource",
  id: "PROT-01",
  name: "resource-data-require-protection",
  title: "What holds data is protected from being deleted",
  severity: "high",
  reason: {
    source: "Pulumi, Resource options, protect",
    link: "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
  },
  fix: "Give the resource the option `protect: true`; only ./ralex reset, which names what would be lost, takes it away.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: DATA_TYPES,
  check: ({ urn, options: { protect } }) =>
    protect === true ? [] : [{ urn, path: "", message: "it holds data and is not protected" }],
};
