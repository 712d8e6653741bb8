/**
 * Resources that hold what cannot be made again: to delete or to replace one deserves a look before anything else.
 * Types are those of the official providers' schemas, without the version of a Kubernetes API.
 */

/** What is lost with a resource. */
export interface Loss {
  /** What it holds, as the end of a heading. */
  readonly holds: string;
  /** What becomes of that, as a sentence. */
  readonly outcome: string;
}

const LOSSES = {
  data: { holds: "data", outcome: "its data go with it" },
  claim: { holds: "data", outcome: "its data go with it, unless the storage class retains its volumes" },
  pods: { holds: "data", outcome: "it stops; claims of its volumeClaimTemplates stay" },
  everything: { holds: "other resources", outcome: "everything in it goes too" },
  secret: { holds: "a secret", outcome: "whatever uses the old one has to get the new one" },
} as const satisfies Readonly<Record<string, Loss>>;

const LIKELY_LOSS: Loss = { holds: "data, by its name", outcome: "its data may go with it" };

const TYPES: Readonly<Record<string, keyof typeof LOSSES>> = {
  "docker:index/volume:Volume": "data",
  "kubernetes:core:PersistentVolumeClaim": "claim",
  "kubernetes:core:PersistentVolume": "claim",
  "kubernetes:core:Namespace": "everything",
  "kubernetes:apiextensions.k8s.io:CustomResourceDefinition": "everything",
  "kubernetes:apps:StatefulSet": "pods",
  "random:index/randomPassword:RandomPassword": "secret",
  "random:index/randomBytes:RandomBytes": "secret",
  "tls:index/privateKey:PrivateKey": "secret",
  "aws:rds/instance:Instance": "data",
  "aws:rds/cluster:Cluster": "data",
  "aws:s3/bucket:Bucket": "data",
  "aws:s3/bucketV2:BucketV2": "data",
  "aws:dynamodb/table:Table": "data",
  "aws:efs/fileSystem:FileSystem": "data",
  "aws:ebs/volume:Volume": "data",
  "aws:elasticache/replicationGroup:ReplicationGroup": "data",
  "aws:elasticache/cluster:Cluster": "data",
  "aws:ecr/repository:Repository": "everything",
  "aws:kms/key:Key": "everything",
  "aws:eks/cluster:Cluster": "everything",
  "gcp:sql/databaseInstance:DatabaseInstance": "data",
  "gcp:sql/database:Database": "data",
  "gcp:storage/bucket:Bucket": "data",
  "gcp:redis/instance:Instance": "data",
  "gcp:filestore/instance:Instance": "data",
  "gcp:container/cluster:Cluster": "everything",
  "gcp:artifactregistry/repository:Repository": "everything",
  "azure-native:dbforpostgresql:Server": "data",
  "azure-native:dbforpostgresql:Database": "data",
  "azure-native:storage:StorageAccount": "everything",
  "azure-native:storage:BlobContainer": "data",
  "azure-native:storage:FileShare": "data",
  "azure-native:cache:Redis": "data",
  "azure-native:keyvault:Vault": "everything",
  "azure-native:resources:ResourceGroup": "everything",
  "azure-native:containerservice:ManagedCluster": "everything",
};

/** Names of resources of other providers that are likely to hold data. */
const LIKELY = /database|dbinstance|dbcluster|bucket|volume$|filesystem|datastore|persistent|keyring|vault$/i;

/** `kubernetes:core/v1:Secret` and `azure-native:storage/v20240101:X` without the version of their API. */
const withoutVersion = (type: string): string => {
  const [provider = "", module = "", name = ""] = type.split(":");
  return `${provider}:${module.replace(/\/v\d+\w*$/, "")}:${name}`;
};

/** What goes with a resource of this type; undefined where nothing is lost that a deployment does not make again. */
export function lossOf(type: string): Loss | undefined {
  const known = TYPES[type] ?? TYPES[withoutVersion(type)];
  if (known !== undefined) return LOSSES[known];
  const name = type.split(":").at(-1) ?? "";
  const isKnownProvider = /^(kubernetes|docker|random|tls):/.test(type);
  return !isKnownProvider && LIKELY.test(name) ? LIKELY_LOSS : undefined;
}
