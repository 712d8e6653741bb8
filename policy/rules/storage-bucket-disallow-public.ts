import { byType } from "../by-type";
import { unless, type ResourceRule } from "../rule";

/** What blocks each way in which a bucket of S3 becomes public. */
const BLOCKS: readonly string[] = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

const PUBLIC = "what is in it may be made public";
const OVERWRITTEN = "what is overwritten or deleted is gone: versioning is off";

/** State, evidence and backups are in buckets: nobody else reads them, and no command overwrites them for good. */
export const storageBucketDisallowPublic: ResourceRule = {
  scope: "resource",
  id: "S3-01",
  name: "storage-bucket-disallow-public",
  title: "A bucket is private, and what is overwritten in it can be had again",
  severity: "high",
  reason: {
    source: "AWS Security Hub S3.1, S3.8, S3.14; CIS Google Cloud 5.1, 5.2; CIS Azure 4",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html",
  },
  fix: "Set all four blocks of BucketPublicAccessBlock and Enabled on BucketVersioning; publicAccessPrevention enforced, uniformBucketLevelAccess and versioning on Google; allowBlobPublicAccess false on Azure.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    // S3 blocks a new bucket by itself; a block that is declared has each of them off unless it is named.
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (resource, properties) =>
      BLOCKS.flatMap((name) => unless(properties.get(name).isTrue, resource, properties.get(name), PUBLIC)),
    "aws:s3/bucketVersioning:BucketVersioning": (resource, properties) => {
      const status = properties.at("versioningConfiguration", "status");
      return unless(status.text === "Enabled", resource, status, OVERWRITTEN);
    },
    "aws:s3/bucket:Bucket": (resource, properties) => {
      const acl = properties.get("acl");
      return unless(!(acl.text ?? "private").startsWith("public-"), resource, acl, PUBLIC);
    },
    "gcp:storage/bucket:Bucket": (resource, properties) => {
      const prevention = properties.get("publicAccessPrevention");
      const uniform = properties.get("uniformBucketLevelAccess");
      const versioning = properties.at("versioning", "enabled");
      return [
        ...unless(prevention.text === "enforced", resource, prevention, PUBLIC),
        ...unless(uniform.isTrue, resource, uniform, "single objects may be made public"),
        ...unless(versioning.isTrue, resource, versioning, OVERWRITTEN),
      ];
    },
    "azure-native:storage:StorageAccount": (resource, properties) => {
      const open = properties.get("allowBlobPublicAccess");
      return unless(open.isFalse, resource, open, PUBLIC);
    },
  }),
};
