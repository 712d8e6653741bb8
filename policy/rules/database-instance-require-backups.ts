import { byType, isSet, required, type PlainCheck, type TypeCheck } from "../by-type";
import { unless, type Context, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Days that a backup is kept: a mistake is seen within a week, in what people use within two. */
const RETENTION_DAYS = { development: 7, promoted: 14 } as const;

/** What a wrong command deletes has to be there again, and should not be deleted by one command. */
export const databaseInstanceRequireBackups: ResourceRule = {
  scope: "resource",
  id: "DATA-02",
  name: "database-instance-require-backups",
  title: "A managed store is backed up to a point in time, and is not deleted by one command",
  severity: "high",
  reason: {
    source: "AWS Security Hub RDS.8, RDS.11, ElastiCache.1; CIS Google Cloud 6.7",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html",
  },
  fix: `Keep backups ${RETENTION_DAYS.development} days (${RETENTION_DAYS.promoted} in an environment with promotesFrom) with point-in-time recovery, set deletion protection, and take a final snapshot.`,
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:rds/instance:Instance": (resource, properties, context) => [
      // Its source is backed up in place of a replica, its cluster in place of an instance of Aurora.
      ...(isSet(properties.get("replicateSourceDb")) || (properties.get("engine").text ?? "").startsWith("aurora")
        ? []
        : kept(resource, properties.get("backupRetentionPeriod"), 0, context)),
      ...rdsGuards(resource, properties),
    ],
    "aws:rds/cluster:Cluster": (resource, properties, context) => [
      ...kept(resource, properties.get("backupRetentionPeriod"), 1, context),
      ...rdsGuards(resource, properties),
    ],
    "aws:elasticache/replicationGroup:ReplicationGroup": (resource, properties, context) => [
      ...kept(resource, properties.get("snapshotRetentionLimit"), 0, context),
      ...finalSnapshot(resource, properties.get("finalSnapshotIdentifier")),
    ],
    "gcp:sql/databaseInstance:DatabaseInstance": (resource, properties, context) =>
      cloudSql(resource, properties, context),
    "gcp:redis/instance:Instance": (resource, properties) => {
      const mode = properties.at("persistenceConfig", "persistenceMode");
      return [
        ...unless(mode.text === "RDB", resource, mode, "the cache keeps no snapshots: persistenceMode RDB is wanted"),
        ...guarded(resource, properties.get("deletionProtection"), true),
      ];
    },
    "azure-native:dbforpostgresql:Server": (resource, properties, context) =>
      properties.get("createMode").text === "Replica"
        ? []
        : kept(resource, properties.at("backup", "backupRetentionDays"), 7, context),
  }),
};

/** @param byDefault - days that the platform keeps backups where nothing is said. */
function kept(resource: Resource, value: Value, byDefault: number, { isPromoted }: Context): readonly Finding[] {
  const wanted = isPromoted ? RETENTION_DAYS.promoted : RETENTION_DAYS.development;
  return unless(
    (value.number ?? byDefault) >= wanted,
    resource,
    value,
    `backups are kept for less than ${wanted} days (the platform's default is ${byDefault})`,
  );
}

/** @param byDefault - whether the provider guards where nothing is said. */
const guarded = (resource: Resource, value: Value, byDefault: boolean): readonly Finding[] =>
  unless(
    value.isTrue || (byDefault && value.isAbsent),
    resource,
    value,
    "one command deletes it: no deletion protection",
  );

const finalSnapshot = (resource: Resource, identifier: Value): readonly Finding[] =>
  required(resource, identifier, "nothing is kept of it when it is deleted");

const rdsGuards: PlainCheck = (resource, properties) => {
  const skipped = properties.get("skipFinalSnapshot");
  return [
    ...guarded(resource, properties.get("deletionProtection"), false),
    ...unless(!skipped.isTrue, resource, skipped, "nothing is kept of it when it is deleted"),
  ];
};

const cloudSql: TypeCheck = (resource, properties, context) => {
  const settings = properties.get("settings");
  const backups = settings.get("backupConfiguration");
  const isReplica = isSet(properties.get("masterInstanceName"));
  const recovery = ["enabled", "pointInTimeRecoveryEnabled"].flatMap((name) =>
    unless(
      backups.get(name).isTrue,
      resource,
      backups.get(name),
      "there is no backup to go back to a point in time from",
    ),
  );
  return [
    ...(isReplica
      ? []
      : [...recovery, ...kept(resource, backups.at("backupRetentionSettings", "retainedBackups"), 7, context)]),
    ...guarded(resource, properties.get("deletionProtection"), true),
    // The provider's own guard holds Pulumi back, this one everybody.
    ...guarded(resource, settings.get("deletionProtectionEnabled"), false),
  ];
};
