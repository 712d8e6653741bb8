/** The worst of all stacks, in words; and what deserves a look before anything else. */
import type { PreviewResult } from "../result";
import { code, prose } from "./escape";
import { byRule, count, hasPreview, list, many, ordered, refusals, risksOf, type Risk } from "./facts";

const names = (results: readonly PreviewResult[]): string => list(results.map(({ stack }) => code(stack, 60)));

/** A heading of the third level. */
export function headline(results: readonly PreviewResult[]): string {
  const of = (outcome: PreviewResult["outcome"]) => results.filter((result) => result.outcome === outcome);
  const [failed, refused, late, cancelled] = [of("failed"), of("refused"), of("timed out"), of("cancelled")];
  if (failed.length > 0) return `### The preview of ${names(failed)} failed`;
  if (refused.length > 0) return `### ${names(refused)}: refused${byWhat(refused)}`;
  if (late.length > 0) return `### The preview of ${names(late)} took too long and was ended`;
  if (cancelled.length > 0) return `### The preview of ${names(cancelled)} was cancelled`;
  const changed = of("changed");
  if (changed.length === 0) return `### Nothing changes in ${names(ordered(results))}`;
  const risks = changed.flatMap(risksOf);
  if (risks.length > 0) return `### ${names(changed.filter((one) => risksOf(one).length > 0))} ${risky(risks)}`;
  return `### ${names(changed)}: ${operations(changed)}`;
}

function byWhat(refused: readonly PreviewResult[]): string {
  const rules = byRule(refused.flatMap(refusals));
  return rules.length === 0 ? "" : ` by ${many(rules.length, "policy rule")}`;
}

/** `replaces postgres-data, which holds data`. */
function risky(risks: readonly Risk[]): string {
  const [only] = risks;
  if (only !== undefined && risks.length === 1) {
    return `${only.change.operation}s ${code(only.change.name, 60)}, which holds ${only.loss.holds}`;
  }
  const replaced = risks.filter(({ change }) => change.operation === "replace").length;
  const what = [
    ...(risks.length > replaced ? [`delete ${risks.length - replaced}`] : []),
    ...(replaced > 0 ? [`replace ${replaced}`] : []),
  ];
  return `would ${list(what)} of what holds ${list([...new Set(risks.map(({ loss }) => loss.holds))])}`;
}

/** `2 to replace, 1 to create`, over all stacks. */
function operations(changed: readonly PreviewResult[]): string {
  const sum = (operation: Parameters<typeof count>[1]) =>
    changed.reduce((total, result) => total + count(result, operation), 0);
  const parts = (["delete", "replace", "create", "update", "import"] as const).map(
    (operation) => [operation, sum(operation)] as const,
  );
  return parts
    .filter(([, number]) => number > 0)
    .map(([operation, number]) => `${number} to ${operation}`)
    .join(", ");
}

/** What is looked at first, at most this many of each kind. */
export interface LookLimits {
  readonly risks: number;
  readonly rules: number;
  /** Resources of one rule. */
  readonly places: number;
}

/** Data that may be lost and rules that refuse, as alerts above everything that is folded. */
export function looks(results: readonly PreviewResult[], limits: LookLimits): readonly string[] {
  const sorted = ordered(results);
  const rules = sorted.flatMap((result) => ruleLines(result, limits));
  const blocks = [
    alert("WARNING", [...rules, ...sorted.flatMap(unseen)]),
    alert("CAUTION", riskLines(sorted.flatMap(risksOf), limits)),
  ];
  return blocks.filter((block) => block !== "");
}

const alert = (kind: string, lines: readonly string[]): string =>
  lines.length === 0 ? "" : [`[!${kind}]`, ...lines].map((line) => `> ${line}`).join("\n");

function riskLines(risks: readonly Risk[], { risks: most }: LookLimits): readonly string[] {
  const lines = risks.slice(0, most).map(({ stack, change: { operation, name, type, reasons }, loss }) => {
    const because =
      reasons.length === 0
        ? ""
        : `, because of ${list(
            reasons.map((reason) => code(reason, 60)),
            3,
          )}`;
    return `- ${code(stack, 60)} **${operation}s** ${code(name, 80)} (${code(type.split(":").at(-1) ?? type, 60)})${because}: ${loss.outcome}`;
  });
  return risks.length <= most ? lines : [...lines, `- and ${risks.length - most} more, below`];
}

/** A line a rule, with the places; the sentences themselves are folded, but for the first one of each rule. */
function ruleLines(result: PreviewResult, { rules: most, places }: LookLimits): readonly string[] {
  const rules = byRule(refusals(result));
  const lines = rules.slice(0, most).map(({ rule, findings }) => {
    const where = list(
      [...new Set(findings.map(({ urn }) => shortName(urn)))].map((name) => code(name, 60)),
      places,
    );
    const { fix } = sentencesOf(findings[0]?.message ?? "");
    const remedy = fix === undefined ? "" : `. **Fix:** ${prose(fix, 300)}`;
    return `- ${code(result.stack, 60)} **${prose(rule, 100)}** refuses ${where}${remedy}`;
  });
  return rules.length <= most ? lines : [...lines, `- and ${many(rules.length - most, "more rule")}, below`];
}

/** Where a preview broke off, what it shows is not all that would happen. */
const unseen = (result: PreviewResult): readonly string[] =>
  hasPreview(result) || result.outcome === "refused" || result.changes.length === 0
    ? []
    : [`- ${code(result.stack, 60)}: only what came before the end is counted; there may be more to change`];

const shortName = (urn: string | undefined): string =>
  urn === undefined ? "the stack" : (urn.split("::").at(-1) ?? urn);

/** What a policy says is wrong, and what is to be done: the rest of the line behind `Fix:`, where it has one. */
export function sentencesOf(message: string): { readonly wrong: string; readonly fix?: string } {
  const [whole = "", fix] = /(?:^|\s)(?:Fix|Remedy):\s*([^\n]+)/.exec(message) ?? [];
  return fix === undefined ? { wrong: message } : { wrong: message.replace(whole, " "), fix: fix.trim() };
}
