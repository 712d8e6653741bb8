import { cloudResourceDisallowRetiredService } from "../../../policy/rules/cloud-resource-disallow-retired-service";
import { UNKNOWN } from "../../../policy/value";
import { resource, set, type Change, type RuleCases } from "../support/rule-cases";

const MANAGED = resource("azure-native:redisenterprise:RedisEnterprise", { sku: { name: "Balanced_B5" } });
const of =
  (type: string): Change["change"] =>
  () => [resource(type, { name: "cache" })];

const RETIRED = "Azure Cache for Redis retires on 2028-09-30, and is closed to new tenants since 2026-04-01";

export const cases: RuleCases = {
  rule: cloudResourceDisallowRetiredService,
  baseline: [MANAGED],
  violations: [
    {
      when: "it is the cache of before, by the SDK of today",
      change: of("azure-native:redis:Redis"),
      path: "",
      message: RETIRED,
    },
    { when: "it is that cache by the SDK before", change: of("azure-native:cache:Redis"), path: "", message: RETIRED },
    {
      when: "it is that cache in one version of its API",
      change: of("azure-native:cache/v20230801:Redis"),
      path: "",
      message: RETIRED,
    },
    {
      when: "it is that cache by an SDK of one version of its API",
      change: of("azure-native_redis_v20241101:redis:Redis"),
      path: "",
      message: RETIRED,
    },
    {
      when: "it is of a tier of before",
      change: set("sku.name", "EnterpriseFlash_F300"),
      path: "sku.name",
      message:
        "the Enterprise tiers of Azure Cache for Redis retire on 2027-03-31: a tier of Azure Managed Redis is wanted",
    },
    {
      when: "it is a single server of Postgres",
      change: of("azure-native:dbforpostgresql:SingleServer"),
      path: "",
      message: "Azure Database for PostgreSQL single server is retired since 2025-03-28",
    },
  ],
  allowed: [{ when: "the tier optimises for memory", change: set("sku.name", "MemoryOptimized_M10") }],
  unknown: { when: "the tier is unknown", change: set("sku.name", UNKNOWN), path: "sku.name" },
  embedded: { none: "a service's retirement has nothing to do with containers" },
};
