import { databaseInstanceRequirePrivateTls } from "../../../policy/rules/database-instance-require-private-tls";
import { HIDDEN, UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const RDS = resource("aws:rds/instance:Instance", {
  engine: "postgres",
  publiclyAccessible: false,
  storageEncrypted: true,
});
const CLUSTER = resource("aws:rds/cluster:Cluster", { engine: "aurora-postgresql", storageEncrypted: true });
const CLUSTER_INSTANCE = resource("aws:rds/clusterInstance:ClusterInstance", { engine: "aurora-postgresql" });
const groupOf = (family: string, value?: unknown, type = "aws:rds/parameterGroup:ParameterGroup") =>
  resource(type, {
    family,
    parameters: [
      { name: "log_connections", value: "0" },
      ...(value === undefined ? [] : [{ name: "rds.force_ssl", value }]),
    ],
  });
const CLOUD_SQL = resource("gcp:sql/databaseInstance:DatabaseInstance", {
  databaseVersion: "POSTGRES_17",
  settings: {
    ipConfiguration: {
      ipv4Enabled: false,
      sslMode: "ENCRYPTED_ONLY",
      authorizedNetworks: [{ name: "office", value: "198.51.100.0/24" }],
    },
  },
});
const SERVER = resource("azure-native:dbforpostgresql:Server", { network: { publicNetworkAccess: "Disabled" } });
const FIREWALL = resource("azure-native:dbforpostgresql:FirewallRule", {
  startIpAddress: "198.51.100.1",
  endIpAddress: "198.51.100.9",
});
const parameter = (configurationName: string, value: unknown) =>
  resource("azure-native:dbforpostgresql:Configuration", { configurationName, value });

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);
const only =
  (...samples: readonly ReturnType<typeof resource>[]): Change["change"] =>
  () =>
    samples;

const PUBLIC = "the database has a public address";
const IN_CLEAR = "clients may connect without TLS";
const DISK = "the storage is not encrypted";
const ANYBODY = "anybody may connect";
const BY_DEFAULT = `${IN_CLEAR}: rds.force_ssl is 0 by default here`;
const OLD = "a TLS older than 1.2 is allowed";
const AUTHORIZED = "settings.ipConfiguration.authorizedNetworks";

export const cases: RuleCases = {
  rule: databaseInstanceRequirePrivateTls,
  baseline: [
    RDS,
    CLUSTER,
    CLUSTER_INSTANCE,
    groupOf("postgres14", "1"),
    CLOUD_SQL,
    SERVER,
    FIREWALL,
    parameter("require_secure_transport", "ON"),
    parameter("ssl_min_protocol_version", "TLSv1.2"),
  ],
  violations: [
    {
      when: "an instance of RDS is public",
      change: set("publiclyAccessible", true),
      path: "publiclyAccessible",
      message: PUBLIC,
    },
    {
      when: "an instance of RDS keeps its data in clear",
      change: remove("storageEncrypted"),
      path: "storageEncrypted",
      message: DISK,
    },
    {
      when: "a cluster of Aurora keeps its data in clear",
      change: on(CLUSTER, set("storageEncrypted", false)),
      path: "storageEncrypted",
      message: DISK,
    },
    {
      when: "an instance of Aurora is public",
      change: on(CLUSTER_INSTANCE, set("publiclyAccessible", true)),
      path: "publiclyAccessible",
      message: PUBLIC,
    },
    {
      when: "parameters turn TLS off",
      change: only(groupOf("postgres16", "0")),
      path: "parameters[1].value",
      message: IN_CLEAR,
    },
    {
      when: "parameters of an old Postgres say nothing of TLS",
      change: only(groupOf("postgres14")),
      path: "parameters",
      message: BY_DEFAULT,
    },
    {
      when: "parameters of an old Aurora say nothing of TLS",
      change: only(groupOf("aurora-postgresql16", undefined, "aws:rds/clusterParameterGroup:ClusterParameterGroup")),
      path: "parameters",
      message: BY_DEFAULT,
    },
    {
      when: "Cloud SQL has the public address that it has by default",
      change: on(CLOUD_SQL, remove("settings.ipConfiguration.ipv4Enabled")),
      path: "settings.ipConfiguration.ipv4Enabled",
      message: PUBLIC,
    },
    {
      when: "Cloud SQL authorizes the internet",
      change: on(CLOUD_SQL, set(`${AUTHORIZED}[1]`, { value: "0.0.0.0/0" })),
      path: `${AUTHORIZED}[1].value`,
      message: ANYBODY,
    },
    {
      when: "Cloud SQL authorizes half of the internet",
      change: on(CLOUD_SQL, set(`${AUTHORIZED}[0].value`, "128.0.0.0/1")),
      path: `${AUTHORIZED}[0].value`,
      message: ANYBODY,
    },
    {
      when: "Cloud SQL takes clients without TLS",
      change: on(CLOUD_SQL, set("settings.ipConfiguration.sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED")),
      path: "settings.ipConfiguration.sslMode",
      message: IN_CLEAR,
    },
    {
      when: "Cloud SQL is told nothing of TLS",
      change: on(CLOUD_SQL, remove("settings.ipConfiguration.sslMode")),
      path: "settings.ipConfiguration.sslMode",
      message: IN_CLEAR,
    },
    {
      when: "Azure's server has the public address that it has by default",
      change: on(SERVER, remove("network")),
      path: "network.publicNetworkAccess",
      message: PUBLIC,
    },
    {
      when: "all of Azure may connect",
      change: on(FIREWALL, (one) => set("startIpAddress", "0.0.0.0")(set("endIpAddress", "0.0.0.0")(one))),
      path: "startIpAddress",
      message: ANYBODY,
    },
    {
      when: "Azure's rule is for several networks of the first size",
      change: on(FIREWALL, set("endIpAddress", "199.0.0.0")),
      path: "startIpAddress",
      message: ANYBODY,
    },
    {
      when: "Azure's server does not ask for TLS",
      change: only(parameter("require_secure_transport", "off")),
      path: "value",
      message: IN_CLEAR,
    },
    {
      when: "Azure's server takes an old TLS",
      change: only(parameter("ssl_min_protocol_version", "TLSv1.1")),
      path: "value",
      message: OLD,
    },
    {
      when: "Azure's server takes every TLS",
      change: only(parameter("ssl_min_protocol_version", "TLSv1")),
      path: "value",
      message: OLD,
    },
  ],
  allowed: [
    { when: "nothing is said of a public address, since RDS gives none then", change: remove("publiclyAccessible") },
    {
      when: "a replica is encrypted as its source is",
      change: only(resource("aws:rds/instance:Instance", { engine: "postgres", replicateSourceDb: "main" })),
    },
    {
      when: "an instance of Aurora has its cluster's storage",
      change: only(resource("aws:rds/instance:Instance", { engine: "aurora-postgresql" })),
    },
    { when: "Postgres asks for TLS by default", change: only(groupOf("postgres15")) },
    { when: "Aurora asks for TLS by default", change: only(groupOf("aurora-postgresql17")) },
    { when: "the parameter is a number", change: only(groupOf("postgres14", 1)) },
    { when: "the parameters are of another database", change: only(groupOf("mysql8.0")) },
    {
      when: "Cloud SQL asks for clients' certificates",
      change: on(CLOUD_SQL, set("settings.ipConfiguration.sslMode", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")),
    },
    { when: "Cloud SQL authorizes no network", change: on(CLOUD_SQL, remove(AUTHORIZED)) },
    {
      when: "Azure's server is in a subnet of its own",
      change: on(SERVER, set("network", { delegatedSubnetResourceId: "/subscriptions/…/subnets/postgres" })),
    },
    { when: "Azure's range is within one network", change: on(FIREWALL, set("endIpAddress", "198.255.0.0")) },
    { when: "another parameter is off", change: only(parameter("log_connections", "off")) },
    { when: "TLS 1.3 is the least", change: only(parameter("ssl_min_protocol_version", "TLSv1.3")) },
    {
      when: "the subnet of Azure's server is a secret",
      change: on(SERVER, set("network", { delegatedSubnetResourceId: HIDDEN })),
    },
  ],
  unknown: {
    when: "an authorized network is unknown",
    change: on(CLOUD_SQL, set(`${AUTHORIZED}[0].value`, UNKNOWN)),
    path: `${AUTHORIZED}[0].value`,
  },
  embedded: { none: "a managed database runs no containers of ours" },
};
