import { storageBucketDisallowPublic } from "../../../policy/rules/storage-bucket-disallow-public";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const BLOCK = resource("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
});
const VERSIONING = resource("aws:s3/bucketVersioning:BucketVersioning", {
  versioningConfiguration: { status: "Enabled" },
});
const BUCKET = resource("aws:s3/bucket:Bucket", { acl: "private" });
const GOOGLE = resource("gcp:storage/bucket:Bucket", {
  publicAccessPrevention: "enforced",
  uniformBucketLevelAccess: true,
  versioning: { enabled: true },
});
const AZURE = resource("azure-native:storage:StorageAccount", { allowBlobPublicAccess: false });

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const PUBLIC = "what is in it may be made public";
const OVERWRITTEN = "what is overwritten or deleted is gone: versioning is off";

export const cases: RuleCases = {
  rule: storageBucketDisallowPublic,
  baseline: [BLOCK, VERSIONING, BUCKET, GOOGLE, AZURE],
  violations: [
    ...["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].map((name) => ({
      when: `${name} is not named`,
      change: remove(name),
      path: name,
      message: PUBLIC,
    })),
    {
      when: "versions are not made any more",
      change: on(VERSIONING, set("versioningConfiguration.status", "Suspended")),
      path: "versioningConfiguration.status",
      message: OVERWRITTEN,
    },
    { when: "a bucket is public", change: on(BUCKET, set("acl", "public-read")), path: "acl", message: PUBLIC },
    {
      when: "Google leaves it to others whether it is public",
      change: on(GOOGLE, set("publicAccessPrevention", "inherited")),
      path: "publicAccessPrevention",
      message: PUBLIC,
    },
    {
      when: "Google has rights for each object",
      change: on(GOOGLE, remove("uniformBucketLevelAccess")),
      path: "uniformBucketLevelAccess",
      message: "single objects may be made public",
    },
    {
      when: "Google keeps no versions",
      change: on(GOOGLE, remove("versioning")),
      path: "versioning.enabled",
      message: OVERWRITTEN,
    },
    {
      when: "Azure's blobs may be public",
      change: on(AZURE, remove("allowBlobPublicAccess")),
      path: "allowBlobPublicAccess",
      message: PUBLIC,
    },
  ],
  allowed: [
    { when: "a bucket says nothing of who reads it", change: on(BUCKET, remove("acl")) },
    { when: "a bucket takes logs", change: on(BUCKET, set("acl", "log-delivery-write")) },
  ],
  unknown: { when: "a block is unknown", change: set("blockPublicAcls", UNKNOWN), path: "blockPublicAcls" },
  embedded: { none: "a bucket runs no containers" },
};
