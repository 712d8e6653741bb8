/** Figures of an evidence record, for tables and for comparing two of them. */
import { SEVERITIES, type Evidence, type Severity } from "./record";

/** Vulnerabilities of an image: one that several platforms share is counted once. */
export interface VulnerabilityCounts {
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** Of all of them, those with a remedy. */
  readonly fixable: number;
}

/** `undefined` where they were not checked: that is not a zero. */
export function vulnerabilityCounts({ vulnerabilities }: Evidence): VulnerabilityCounts | undefined {
  if (vulnerabilities.status !== "checked") return undefined;
  const findings = [...new Map(vulnerabilities.findings.map((one) => [`${one.id} ${one.package}`, one])).values()];
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  return {
    bySeverity: Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)])) as Record<
      Severity,
      number
    >,
    fixable: findings.filter(({ fixed }) => fixed !== null).length,
  };
}
