import { isEveryone } from "../address-range";
import { byType, each, isSet, type PlainCheck } from "../by-type";
import { finding, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** A database that the internet reaches, that keeps its data in clear, or that lets clients speak in clear. */
export const databaseInstanceRequirePrivateTls: ResourceRule = {
  scope: "resource",
  id: "DATA-01",
  name: "database-instance-require-private-tls",
  title: "A managed database is private, encrypted, and speaks TLS only",
  severity: "critical",
  reason: {
    source: "AWS Security Hub RDS.2, RDS.3; CIS Google Cloud 6.4 to 6.6; CIS Azure 5",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html",
  },
  fix: "Keep the database in private subnets without a public address, encrypt its storage, and have it refuse clients without TLS (rds.force_ssl, sslMode ENCRYPTED_ONLY, require_secure_transport).",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:rds/instance:Instance": (resource, properties) => [
      ...notPublic(resource, properties.get("publiclyAccessible")),
      // Aurora's storage is its cluster's, and a replica's is encrypted as its source is.
      ...((properties.get("engine").text ?? "").startsWith("aurora") || isSet(properties.get("replicateSourceDb"))
        ? []
        : encrypted(resource, properties.get("storageEncrypted"))),
    ],
    "aws:rds/clusterInstance:ClusterInstance": (resource, properties) =>
      notPublic(resource, properties.get("publiclyAccessible")),
    "aws:rds/cluster:Cluster": (resource, properties) => encrypted(resource, properties.get("storageEncrypted")),
    ...each(
      ["aws:rds/parameterGroup:ParameterGroup", "aws:rds/clusterParameterGroup:ClusterParameterGroup"],
      (resource, properties) => forcesTls(resource, properties),
    ),
    "gcp:sql/databaseInstance:DatabaseInstance": (resource, properties) => cloudSql(resource, properties),
    "azure-native:dbforpostgresql:Server": (resource, properties) => {
      const network = properties.get("network");
      // A server in a subnet of its own has no public address.
      if (isSet(network.get("delegatedSubnetResourceId"))) return [];
      const access = network.get("publicNetworkAccess");
      return unless(access.text === "Disabled", resource, access, PUBLIC);
    },
    "azure-native:dbforpostgresql:FirewallRule": (resource, properties) => azureFirewall(resource, properties),
    "azure-native:dbforpostgresql:Configuration": (resource, properties) => azureParameter(resource, properties),
  }),
};

const PUBLIC = "the database has a public address";
const IN_CLEAR = "clients may connect without TLS";

const notPublic = (resource: Resource, value: Value): readonly Finding[] =>
  unless(!value.isTrue, resource, value, PUBLIC);

const encrypted = (resource: Resource, value: Value): readonly Finding[] =>
  unless(value.isTrue, resource, value, "the storage is not encrypted");

/** The first major version of Postgres whose parameter `rds.force_ssl` is 1 by default, by engine. */
const TLS_BY_DEFAULT: Readonly<Record<string, number>> = { postgres: 15, "aurora-postgresql": 17 };

const forcesTls: PlainCheck = (resource, properties) => {
  const family = properties.get("family");
  const [, engine, major] = /^(.+?)(\d+)/.exec(family.text ?? "") ?? [];
  const since = engine === undefined ? undefined : TLS_BY_DEFAULT[engine];
  if (since === undefined) return [];
  const parameters = properties.get("parameters");
  const forced = parameters.items().find((parameter) => parameter.get("name").text === "rds.force_ssl");
  if (forced !== undefined) return unless(forced.get("value").number === 1, resource, forced.get("value"), IN_CLEAR);
  return unless(Number(major) >= since, resource, parameters, `${IN_CLEAR}: rds.force_ssl is 0 by default here`);
};

/** Modes of Cloud SQL in which a client without TLS is refused. */
const TLS_MODES: readonly string[] = ["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"];

const cloudSql: PlainCheck = (resource, properties) => {
  const network = properties.at("settings", "ipConfiguration");
  const mode = network.get("sslMode");
  return [
    // An instance has a public address unless told otherwise.
    ...unless(network.get("ipv4Enabled").isFalse, resource, network.get("ipv4Enabled"), PUBLIC),
    ...network
      .get("authorizedNetworks")
      .items()
      .map((allowed) => allowed.get("value"))
      .filter((range) => range.isUnknown || isEveryone(range.text ?? ""))
      .map((range) => finding(resource, range, "anybody may connect")),
    ...unless(TLS_MODES.includes(mode.text ?? ""), resource, mode, IN_CLEAR),
  ];
};

const octet = ({ text = "" }: Value): number => Number(text.split(".")[0]);

/** From 0.0.0.0 to itself means every customer of Azure, and a range over several /8 nobody's own network. */
const azureFirewall: PlainCheck = (resource, properties) => {
  const start = properties.get("startIpAddress");
  const isWide = octet(properties.get("endIpAddress")) > octet(start);
  return unless(start.text !== "0.0.0.0" && !isWide, resource, start, "anybody may connect");
};

const azureParameter: PlainCheck = (resource, properties) => {
  const value = properties.get("value");
  switch (properties.get("configurationName").text) {
    case "require_secure_transport":
      return unless((value.text ?? "").toLowerCase() === "on", resource, value, IN_CLEAR);
    case "ssl_min_protocol_version":
      return unless(
        ["TLSv1.2", "TLSv1.3"].includes(value.text ?? ""),
        resource,
        value,
        "a TLS older than 1.2 is allowed",
      );
    default:
      return [];
  }
};
