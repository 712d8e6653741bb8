import { byType, each } from "../by-type";
import { finding, unless, type ResourceRule } from "../rule";

/** What is made on a service that its platform retires has to be moved soon, and may be refused to a new tenant. */
export const cloudResourceDisallowRetiredService: ResourceRule = {
  scope: "resource",
  id: "RET-01",
  name: "cloud-resource-disallow-retired-service",
  title: "Nothing stands on a service that its platform retires",
  severity: "high",
  reason: {
    source: "Microsoft, retirement of Azure Cache for Redis",
    link: "https://learn.microsoft.com/azure/azure-cache-for-redis/retirement-faq",
  },
  fix: "Use Azure Managed Redis (azure-native:redisenterprise:RedisEnterprise with a Balanced, MemoryOptimized, ComputeOptimized or FlashOptimized SKU), and azure-native:dbforpostgresql:Server.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    ...each(["azure-native:redis:Redis", "azure-native:cache:Redis"], (resource, properties) => [
      finding(
        resource,
        properties,
        "Azure Cache for Redis retires on 2028-09-30, and is closed to new tenants since 2026-04-01",
      ),
    ]),
    // Managed Redis has the same type; the tiers of before begin with Enterprise.
    "azure-native:redisenterprise:RedisEnterprise": (resource, properties) => {
      const tier = properties.at("sku", "name");
      return unless(
        !(tier.text ?? "").startsWith("Enterprise"),
        resource,
        tier,
        "the Enterprise tiers of Azure Cache for Redis retire on 2027-03-31: a tier of Azure Managed Redis is wanted",
      );
    },
    "azure-native:dbforpostgresql:SingleServer": (resource, properties) => [
      finding(resource, properties, "Azure Database for PostgreSQL single server is retired since 2025-03-28"),
    ],
  }),
};
