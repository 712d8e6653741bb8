/**
 * Amounts in the one form in which the API server writes them back. The provider rewrites every other form once all inputs
 * are known, and an update would do something else than its plan.
 * Source: k8s.io/apimachinery, pkg/api/resource/quantity.go, CanonicalizeBytes.
 */

/** Cores: 1 is "1", 0.25 is "250m". */
export const cpuQuantity = (cpus: number): string =>
  Number.isInteger(cpus) ? String(cpus) : `${Math.round(cpus * 1000)}m`;

/** Mebibytes: 1024 is "1Gi", 1536 is "1536Mi". */
export const memoryQuantity = (mebibytes: number): string =>
  mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
