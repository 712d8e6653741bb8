import { databaseInstanceRequireBackups } from "../../../policy/rules/database-instance-require-backups";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const guards = { backupRetentionPeriod: 14, deletionProtection: true, finalSnapshotIdentifier: "last" };
const RDS = resource("aws:rds/instance:Instance", { engine: "postgres", ...guards });
const CLUSTER = resource("aws:rds/cluster:Cluster", { engine: "aurora-postgresql", ...guards });
const ELASTICACHE = resource("aws:elasticache/replicationGroup:ReplicationGroup", {
  snapshotRetentionLimit: 14,
  finalSnapshotIdentifier: "last",
});
const CLOUD_SQL = resource("gcp:sql/databaseInstance:DatabaseInstance", {
  settings: {
    deletionProtectionEnabled: true,
    backupConfiguration: {
      enabled: true,
      pointInTimeRecoveryEnabled: true,
      backupRetentionSettings: { retainedBackups: 14 },
    },
  },
});
const MEMORYSTORE = resource("gcp:redis/instance:Instance", { persistenceConfig: { persistenceMode: "RDB" } });
const SERVER = resource("azure-native:dbforpostgresql:Server", { backup: { backupRetentionDays: 14 } });

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const kept = (days: number, byDefault: number) =>
  `backups are kept for less than ${days} days (the platform's default is ${byDefault})`;
const UNGUARDED = "one command deletes it: no deletion protection";
const NOTHING = "nothing is kept of it when it is deleted";
const NO_POINT = "there is no backup to go back to a point in time from";
const BACKUPS = "settings.backupConfiguration";
const development = { isPromoted: false };

export const cases: RuleCases = {
  rule: databaseInstanceRequireBackups,
  baseline: [RDS, CLUSTER, ELASTICACHE, CLOUD_SQL, MEMORYSTORE, SERVER],
  violations: [
    {
      when: "backups of RDS are kept for a day less",
      change: set("backupRetentionPeriod", 13),
      path: "backupRetentionPeriod",
      message: kept(14, 0),
    },
    {
      when: "RDS makes no backups, as by default",
      change: remove("backupRetentionPeriod"),
      path: "backupRetentionPeriod",
      message: kept(14, 0),
    },
    {
      when: "backups of a development's RDS are kept for six days",
      change: set("backupRetentionPeriod", 6),
      path: "backupRetentionPeriod",
      message: kept(7, 0),
      context: development,
    },
    {
      when: "one command deletes an instance of RDS",
      change: remove("deletionProtection"),
      path: "deletionProtection",
      message: UNGUARDED,
    },
    {
      when: "RDS keeps nothing at the end",
      change: set("skipFinalSnapshot", true),
      path: "skipFinalSnapshot",
      message: NOTHING,
    },
    {
      when: "backups of Aurora are kept for a day, as by default",
      change: on(CLUSTER, remove("backupRetentionPeriod")),
      path: "backupRetentionPeriod",
      message: kept(14, 1),
    },
    {
      when: "one command deletes a cluster of Aurora",
      change: on(CLUSTER, set("deletionProtection", false)),
      path: "deletionProtection",
      message: UNGUARDED,
    },
    {
      when: "Aurora keeps nothing at the end",
      change: on(CLUSTER, set("skipFinalSnapshot", true)),
      path: "skipFinalSnapshot",
      message: NOTHING,
    },
    {
      when: "an instance of Aurora may be deleted by one command",
      change: () => [resource("aws:rds/instance:Instance", { engine: "aurora-postgresql" })],
      path: "deletionProtection",
      message: UNGUARDED,
    },
    {
      when: "ElastiCache keeps no snapshots",
      change: on(ELASTICACHE, remove("snapshotRetentionLimit")),
      path: "snapshotRetentionLimit",
      message: kept(14, 0),
    },
    {
      when: "ElastiCache keeps nothing at the end",
      change: on(ELASTICACHE, set("finalSnapshotIdentifier", "")),
      path: "finalSnapshotIdentifier",
      message: NOTHING,
    },
    {
      when: "Cloud SQL makes no backups",
      change: on(CLOUD_SQL, set(`${BACKUPS}.enabled`, false)),
      path: `${BACKUPS}.enabled`,
      message: NO_POINT,
    },
    {
      when: "Cloud SQL goes back to whole days only",
      change: on(CLOUD_SQL, remove(`${BACKUPS}.pointInTimeRecoveryEnabled`)),
      path: `${BACKUPS}.pointInTimeRecoveryEnabled`,
      message: NO_POINT,
    },
    {
      when: "Cloud SQL keeps its default of backups",
      change: on(CLOUD_SQL, remove(`${BACKUPS}.backupRetentionSettings`)),
      path: `${BACKUPS}.backupRetentionSettings.retainedBackups`,
      message: kept(14, 7),
    },
    {
      when: "Pulumi may delete an instance of Cloud SQL",
      change: on(CLOUD_SQL, set("deletionProtection", false)),
      path: "deletionProtection",
      message: UNGUARDED,
    },
    {
      when: "everybody else may delete an instance of Cloud SQL",
      change: on(CLOUD_SQL, remove("settings.deletionProtectionEnabled")),
      path: "settings.deletionProtectionEnabled",
      message: UNGUARDED,
    },
    {
      when: "Memorystore keeps nothing on disk",
      change: on(MEMORYSTORE, remove("persistenceConfig")),
      path: "persistenceConfig.persistenceMode",
      message: "the cache keeps no snapshots: persistenceMode RDB is wanted",
    },
    {
      when: "Pulumi may delete an instance of Memorystore",
      change: on(MEMORYSTORE, set("deletionProtection", false)),
      path: "deletionProtection",
      message: UNGUARDED,
    },
    {
      when: "Azure keeps its default of backups",
      change: on(SERVER, remove("backup")),
      path: "backup.backupRetentionDays",
      message: kept(14, 7),
    },
  ],
  allowed: [
    {
      when: "backups of a development are kept for a week",
      change: set("backupRetentionPeriod", 7),
      context: development,
    },
    {
      when: "backups of a development on Azure are its default",
      change: on(SERVER, remove("backup")),
      context: development,
    },
    {
      when: "a replica's source is backed up in its place",
      change: () => [
        resource("aws:rds/instance:Instance", {
          engine: "postgres",
          replicateSourceDb: "main",
          deletionProtection: true,
        }),
      ],
    },
    {
      when: "a replica's source is not known yet",
      change: () => [
        resource("aws:rds/instance:Instance", {
          engine: "postgres",
          replicateSourceDb: UNKNOWN,
          deletionProtection: true,
        }),
      ],
    },
    {
      when: "a cluster of Aurora is backed up in place of its instance",
      change: () => [resource("aws:rds/instance:Instance", { engine: "aurora-postgresql", deletionProtection: true })],
    },
    {
      when: "a replica of Cloud SQL makes no backups",
      change: () => [
        resource("gcp:sql/databaseInstance:DatabaseInstance", {
          masterInstanceName: "main",
          settings: { deletionProtectionEnabled: true },
        }),
      ],
    },
    {
      when: "a replica on Azure makes no backups",
      change: () => [resource("azure-native:dbforpostgresql:Server", { createMode: "Replica" })],
    },
    { when: "Pulumi is held back by name", change: on(CLOUD_SQL, set("deletionProtection", true)) },
    {
      when: "the name of the last snapshot is not known yet",
      change: on(ELASTICACHE, set("finalSnapshotIdentifier", UNKNOWN)),
    },
  ],
  unknown: {
    when: "it is unknown how long backups are kept",
    change: set("backupRetentionPeriod", UNKNOWN),
    path: "backupRetentionPeriod",
  },
  embedded: { none: "a managed store runs no containers of ours" },
};
