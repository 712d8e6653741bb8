import { cacheInstanceRequireAuthAndTls } from "../../../policy/rules/cache-instance-require-auth-and-tls";
import { HIDDEN, UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const GROUP = resource("aws:elasticache/replicationGroup:ReplicationGroup", {
  engine: "valkey",
  transitEncryptionEnabled: true,
  transitEncryptionMode: "required",
  atRestEncryptionEnabled: true,
  authToken: HIDDEN,
});
const MEMORYSTORE = resource("gcp:redis/instance:Instance", {
  authEnabled: true,
  transitEncryptionMode: "SERVER_AUTHENTICATION",
});
const MEMORYSTORE_CLUSTER = resource("gcp:redis/cluster:Cluster", {
  authorizationMode: "AUTH_MODE_IAM_AUTH",
  transitEncryptionMode: "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION",
});
const AZURE = resource("azure-native:redis:Redis", { minimumTlsVersion: "1.2", publicNetworkAccess: "Disabled" });
const MANAGED = resource("azure-native:redisenterprise:RedisEnterprise", {
  minimumTlsVersion: "1.2",
  publicNetworkAccess: "Disabled",
});
const DATABASE = resource("azure-native:redisenterprise:Database", { clientProtocol: "Encrypted" });
const SERVERLESS = resource("aws:elasticache/serverlessCache:ServerlessCache", {
  engine: "valkey",
  userGroupId: "ralex",
});

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);
const cluster =
  (properties: Readonly<Record<string, unknown>>): Change["change"] =>
  () => [resource("aws:elasticache/cluster:Cluster", properties)];

const NO_AUTH = "whoever reaches the cache may use it";
const IN_CLEAR = "clients may connect without TLS";
const OLD = "a TLS older than 1.2 is allowed";
const PUBLIC = "the cache has a public address";
const GROUPS_ONLY = `${NO_AUTH}: ElastiCache has passwords on replication groups only`;

export const cases: RuleCases = {
  rule: cacheInstanceRequireAuthAndTls,
  baseline: [GROUP, MEMORYSTORE, MEMORYSTORE_CLUSTER, AZURE, MANAGED, DATABASE, SERVERLESS],
  violations: [
    {
      when: "ElastiCache speaks in clear",
      change: remove("transitEncryptionEnabled"),
      path: "transitEncryptionEnabled",
      message: IN_CLEAR,
    },
    {
      when: "ElastiCache speaks TLS to those who like to",
      change: set("transitEncryptionMode", "preferred"),
      path: "transitEncryptionMode",
      message: IN_CLEAR,
    },
    {
      when: "ElastiCache keeps its snapshots in clear",
      change: set("atRestEncryptionEnabled", false),
      path: "atRestEncryptionEnabled",
      message: "what the cache keeps on disk is not encrypted",
    },
    { when: "ElastiCache asks for no token", change: remove("authToken"), path: "authToken", message: NO_AUTH },
    {
      when: "ElastiCache has an empty list of user groups",
      change: (baseline) => set("userGroupIds", [])(remove("authToken")(baseline)),
      path: "authToken",
      message: NO_AUTH,
    },
    {
      when: "Redis is a cluster without a group",
      change: cluster({ engine: "redis", transitEncryptionEnabled: true }),
      path: "engine",
      message: GROUPS_ONLY,
    },
    {
      when: "memcached speaks in clear",
      change: cluster({ engine: "memcached" }),
      path: "transitEncryptionEnabled",
      message: IN_CLEAR,
    },
    {
      when: "a serverless cache has no users",
      change: on(SERVERLESS, remove("userGroupId")),
      path: "userGroupId",
      message: NO_AUTH,
    },
    {
      when: "Memorystore asks for no password",
      change: on(MEMORYSTORE, remove("authEnabled")),
      path: "authEnabled",
      message: NO_AUTH,
    },
    {
      when: "Memorystore speaks in clear",
      change: on(MEMORYSTORE, set("transitEncryptionMode", "DISABLED")),
      path: "transitEncryptionMode",
      message: IN_CLEAR,
    },
    {
      when: "a cluster of Memorystore asks for nothing",
      change: on(MEMORYSTORE_CLUSTER, set("authorizationMode", "AUTH_MODE_DISABLED")),
      path: "authorizationMode",
      message: NO_AUTH,
    },
    {
      when: "a cluster of Memorystore speaks in clear",
      change: on(MEMORYSTORE_CLUSTER, remove("transitEncryptionMode")),
      path: "transitEncryptionMode",
      message: IN_CLEAR,
    },
    {
      when: "Azure's port without TLS is open",
      change: on(AZURE, set("enableNonSslPort", true)),
      path: "enableNonSslPort",
      message: IN_CLEAR,
    },
    {
      when: "Azure asks for no password",
      change: on(AZURE, set("redisConfiguration.authnotrequired", "true")),
      path: "redisConfiguration.authnotrequired",
      message: NO_AUTH,
    },
    {
      when: "Azure takes an old TLS",
      change: on(AZURE, set("minimumTlsVersion", "1.0")),
      path: "minimumTlsVersion",
      message: OLD,
    },
    {
      when: "Azure's cache is public, as by default",
      change: on(AZURE, remove("publicNetworkAccess")),
      path: "publicNetworkAccess",
      message: PUBLIC,
    },
    {
      when: "Managed Redis is public",
      change: on(MANAGED, set("publicNetworkAccess", "Enabled")),
      path: "publicNetworkAccess",
      message: PUBLIC,
    },
    {
      when: "Managed Redis is told nothing of TLS",
      change: on(MANAGED, remove("minimumTlsVersion")),
      path: "minimumTlsVersion",
      message: OLD,
    },
    {
      when: "a database of Managed Redis speaks in clear",
      change: on(DATABASE, set("clientProtocol", "Plaintext")),
      path: "clientProtocol",
      message: IN_CLEAR,
    },
  ],
  allowed: [
    { when: "the token is not known yet", change: set("authToken", UNKNOWN) },
    {
      when: "the token is only written",
      change: (baseline) => set("authTokenWo", HIDDEN)(remove("authToken")(baseline)),
    },
    {
      when: "users are in a group",
      change: (baseline) => set("userGroupIds", ["ralex"])(remove("authToken")(baseline)),
    },
    { when: "TLS is required by default", change: remove("transitEncryptionMode") },
    { when: "a cluster is as its group is", change: cluster({ replicationGroupId: "ralex" }) },
    { when: "memcached speaks TLS", change: cluster({ engine: "memcached", transitEncryptionEnabled: true }) },
    {
      when: "a serverless memcached has no users at all",
      change: on(SERVERLESS, () => [{ ...SERVERLESS, properties: { engine: "memcached" } }]),
    },
    {
      when: "Memorystore's cluster has tokens",
      change: on(MEMORYSTORE_CLUSTER, set("authorizationMode", "AUTH_MODE_TOKEN_AUTH")),
    },
    { when: "the least TLS is 1.3", change: on(AZURE, set("minimumTlsVersion", "1.3")) },
    { when: "Managed Redis speaks TLS by default", change: on(DATABASE, remove("clientProtocol")) },
  ],
  unknown: {
    when: "it is unknown whether there is TLS",
    change: set("transitEncryptionEnabled", UNKNOWN),
    path: "transitEncryptionEnabled",
  },
  embedded: { none: "a managed cache runs no containers of ours" },
};
