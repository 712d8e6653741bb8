import { byType, isSet, required, type PlainCheck } from "../by-type";
import { finding, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Redis believes whoever reaches it, and speaks in clear, unless told otherwise. */
export const cacheInstanceRequireAuthAndTls: ResourceRule = {
  scope: "resource",
  id: "DATA-03",
  name: "cache-instance-require-auth-and-tls",
  title: "A managed cache asks who it is, speaks TLS, and is private",
  severity: "high",
  reason: {
    source:
      "AWS Security Hub ElastiCache.4, ElastiCache.5, ElastiCache.6; Google, Memorystore AUTH and in-transit encryption",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/elasticache-controls.html",
  },
  fix: "Set encryption in transit and at rest, an authToken or user group (authEnabled, IAM or access keys elsewhere), TLS 1.2 or newer, and no public access.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:elasticache/replicationGroup:ReplicationGroup": (resource, properties) =>
      replicationGroup(resource, properties),
    "aws:elasticache/cluster:Cluster": (resource, properties) => singleCluster(resource, properties),
    "aws:elasticache/serverlessCache:ServerlessCache": (resource, properties) =>
      properties.get("engine").text === "memcached" ? [] : required(resource, properties.get("userGroupId"), NO_AUTH),
    "gcp:redis/instance:Instance": (resource, properties) => [
      ...unless(properties.get("authEnabled").isTrue, resource, properties.get("authEnabled"), NO_AUTH),
      ...wanted(resource, properties.get("transitEncryptionMode"), ["SERVER_AUTHENTICATION"], IN_CLEAR),
    ],
    "gcp:redis/cluster:Cluster": (resource, properties) => [
      ...wanted(resource, properties.get("authorizationMode"), ["AUTH_MODE_IAM_AUTH", "AUTH_MODE_TOKEN_AUTH"], NO_AUTH),
      ...wanted(
        resource,
        properties.get("transitEncryptionMode"),
        ["TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION"],
        IN_CLEAR,
      ),
    ],
    "azure-native:redis:Redis": (resource, properties) => {
      const open = properties.get("enableNonSslPort");
      const anonymous = properties.at("redisConfiguration", "authnotrequired");
      return [
        ...unless(!open.isTrue, resource, open, IN_CLEAR),
        ...unless(!anonymous.isTrue, resource, anonymous, NO_AUTH),
        ...azureNetwork(resource, properties),
      ];
    },
    "azure-native:redisenterprise:RedisEnterprise": (resource, properties) => azureNetwork(resource, properties),
    "azure-native:redisenterprise:Database": (resource, properties) => {
      const protocol = properties.get("clientProtocol");
      return unless(protocol.text !== "Plaintext", resource, protocol, IN_CLEAR);
    },
  }),
};

const NO_AUTH = "whoever reaches the cache may use it";
const IN_CLEAR = "clients may connect without TLS";

const wanted = (resource: Resource, value: Value, values: readonly string[], message: string): readonly Finding[] =>
  unless(values.includes(value.text ?? ""), resource, value, message);

const replicationGroup: PlainCheck = (resource, properties) => {
  const transit = properties.get("transitEncryptionEnabled");
  const mode = properties.get("transitEncryptionMode");
  const rest = properties.get("atRestEncryptionEnabled");
  const token = properties.get("authToken");
  const hasAuth = [token, properties.get("authTokenWo"), properties.get("userGroupIds")].some(isSet);
  return [
    ...unless(transit.isTrue, resource, transit, IN_CLEAR),
    ...unless(mode.text !== "preferred", resource, mode, IN_CLEAR),
    ...unless(rest.isTrue, resource, rest, "what the cache keeps on disk is not encrypted"),
    ...(hasAuth ? [] : [finding(resource, token, NO_AUTH)]),
  ];
};

/** A cluster of a replication group is as its group is; one of Redis without a group cannot have a password. */
const singleCluster: PlainCheck = (resource, properties) => {
  if (isSet(properties.get("replicationGroupId"))) return [];
  const engine = properties.get("engine");
  const transit = properties.get("transitEncryptionEnabled");
  return engine.text === "memcached"
    ? unless(transit.isTrue, resource, transit, IN_CLEAR)
    : [finding(resource, engine, `${NO_AUTH}: ElastiCache has passwords on replication groups only`)];
};

const azureNetwork: PlainCheck = (resource, properties) => {
  const version = properties.get("minimumTlsVersion");
  const access = properties.get("publicNetworkAccess");
  return [
    ...unless(["1.2", "1.3"].includes(version.text ?? ""), resource, version, "a TLS older than 1.2 is allowed"),
    ...unless(access.text === "Disabled", resource, access, "the cache has a public address"),
  ];
};
