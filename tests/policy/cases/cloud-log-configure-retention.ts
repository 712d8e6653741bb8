import { cloudLogConfigureRetention } from "../../../policy/rules/cloud-log-configure-retention";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const AWS = resource("aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 90 });
const GOOGLE = resource("gcp:logging/projectBucketConfig:ProjectBucketConfig", { retentionDays: 30 });
const AZURE = resource("azure-native:operationalinsights:Workspace", { retentionInDays: 365 });

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const kept = (long: string) => `logs are kept for ${long}: 30 to 365 days are wanted`;

export const cases: RuleCases = {
  rule: cloudLogConfigureRetention,
  baseline: [AWS, GOOGLE, AZURE],
  violations: [
    {
      when: "they are kept for ever by default",
      change: remove("retentionInDays"),
      path: "retentionInDays",
      message: kept("ever"),
    },
    {
      when: "they are kept for ever by name",
      change: set("retentionInDays", 0),
      path: "retentionInDays",
      message: kept("ever"),
    },
    {
      when: "they are gone a day too soon",
      change: set("retentionInDays", 29),
      path: "retentionInDays",
      message: kept("29 d"),
    },
    {
      when: "they stay a day too long",
      change: set("retentionInDays", 366),
      path: "retentionInDays",
      message: kept("366 d"),
    },
    {
      when: "Google keeps them for a day",
      change: on(GOOGLE, set("retentionDays", 1)),
      path: "retentionDays",
      message: kept("1 d"),
    },
    {
      when: "Azure keeps them for two years",
      change: on(AZURE, set("retentionInDays", 730)),
      path: "retentionInDays",
      message: kept("730 d"),
    },
  ],
  allowed: [
    { when: "they are kept for a month", change: set("retentionInDays", 30) },
    { when: "they are kept for a year", change: set("retentionInDays", 365) },
    { when: "Google keeps them for a month by default", change: on(GOOGLE, remove("retentionDays")) },
    { when: "Azure keeps them for a month by default", change: on(AZURE, remove("retentionInDays")) },
  ],
  unknown: { when: "it is unknown for how long", change: set("retentionInDays", UNKNOWN), path: "retentionInDays" },
  embedded: { none: "where logs are kept is no container's" },
};
