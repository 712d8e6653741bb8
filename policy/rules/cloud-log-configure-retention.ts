import { byType, type TypeCheck } from "../by-type";
import { unless, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Days: an incident is seen within a month, and what people did is not kept beyond a year. */
const RETENTION = { least: 30, most: 365 } as const;

/** @param byDefault - days that the platform keeps logs where nothing is said; Infinity for ever. */
const within =
  (key: string, byDefault: number): TypeCheck =>
  (resource, properties) => {
    const value: Value = properties.get(key);
    const given = value.number ?? byDefault;
    // CloudWatch says 0 for ever.
    const days = given === 0 ? Infinity : given;
    return unless(
      days >= RETENTION.least && days <= RETENTION.most,
      resource,
      value,
      `logs are kept for ${Number.isFinite(days) ? `${days} d` : "ever"}: ${RETENTION.least} to ${RETENTION.most} days are wanted`,
    );
  };

/** Logs that are gone help nobody, and logs that stay cost without end and hold what people wrote. */
export const cloudLogConfigureRetention: ResourceRule = {
  scope: "resource",
  id: "LOG-01",
  name: "cloud-log-configure-retention",
  title: "Logs are kept for a month at least, and a year at most",
  severity: "low",
  reason: {
    source: "AWS Security Hub CloudWatch.16; Regulation (EU) 2016/679, Article 5 (1) e",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-16",
  },
  fix: `Set retentionInDays (retentionDays on Google) to ${RETENTION.least} to ${RETENTION.most}.`,
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:cloudwatch/logGroup:LogGroup": within("retentionInDays", Infinity),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": within("retentionDays", 30),
    "azure-native:operationalinsights:Workspace": within("retentionInDays", 30),
  }),
};
