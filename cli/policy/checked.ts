/** What a check of files or of a deployed stack has found, as data and as text. */
import type { Outcome } from "../../policy/evaluation";
import { shownLines } from "../../policy/evaluation";
import { REMARK, type Remark } from "../../policy/session";

export interface Checked {
  readonly outcomes: readonly Outcome[];
  readonly remarks: readonly Remark[];
  /** Resources that were looked at. */
  readonly checked: number;
  /** What was not, a sentence each. */
  readonly skipped: readonly string[];
  /** Whether URNs are places in files. */
  readonly ofFiles: boolean;
}

/** Of `--json`. */
export interface CheckReport {
  readonly violations: readonly Readonly<Record<string, string>>[];
  readonly checked: number;
  readonly skipped: readonly string[];
}

export function reportOf({ outcomes, remarks, checked, skipped, ofFiles }: Checked): CheckReport {
  const found = outcomes.map(({ rule, finding, level, note }) => ({
    rule: rule.id,
    severity: rule.severity,
    level,
    ...(ofFiles ? { file: finding.urn.split("#")[0] ?? "" } : { urn: finding.urn }),
    resource: ofFiles ? finding.urn.slice(finding.urn.indexOf("#") + 1) : (finding.urn.split("::").at(-1) ?? ""),
    path: finding.path,
    message: finding.message,
    fix: rule.fix,
    ...(note === undefined ? {} : { note }),
  }));
  const own = remarks
    .filter(({ level }) => level === "mandatory")
    .map(({ text }) => ({
      rule: REMARK,
      severity: "high",
      level: "mandatory",
      resource: "",
      path: "",
      message: text,
      fix: text,
    }));
  const notes = remarks.filter(({ level }) => level === "advisory").map(({ text }) => text);
  return { violations: [...found, ...own], checked, skipped: [...skipped, ...notes] };
}

/** Each resource once, with what is against it. */
export function shownReport(checked: Checked): string {
  const { outcomes, remarks, skipped } = checked;
  const byResource = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { urn } = outcome.finding;
    byResource.set(urn, [...(byResource.get(urn) ?? []), outcome]);
  }
  const blocks = [...byResource].map(([urn, own]) =>
    [
      urn,
      ...own.flatMap((outcome) => {
        const [first = "", ...rest] = shownLines(outcome);
        return [`  [${outcome.level}] [${outcome.rule.severity}] ${first}`, ...rest.map((line) => `    ${line}`)];
      }),
    ].join("\n"),
  );
  const rules = new Set(outcomes.map(({ rule }) => rule.id)).size;
  const mandatory = outcomes.filter(({ level }) => level === "mandatory").length;
  return [
    ...blocks,
    ...remarks.map(({ level, text }) => `[${level}] ${text}`),
    ...skipped.map((text) => `not checked: ${text}`),
    `${checked.checked} resources checked: ${mandatory} violations${outcomes.length > mandatory ? `, ${outcomes.length - mandatory} advisory` : ""}` +
      (rules === 0 ? "" : ` of ${rules} rules`),
  ].join("\n");
}

/** Whether the gate is closed. */
export const isRefused = ({ outcomes, remarks }: Checked): boolean =>
  [...outcomes, ...remarks].some(({ level }) => level === "mandatory");
