/** What is folded: a stack's resources with what differs, its release, what policies say, and its warnings. */
import type { Change, ChangedProperty, Finding, Message, PreviewResult } from "../result";
import { typeOfUrn, nameOfUrn } from "../events/changes";
import { code, clean, fenced, htmlCode, prose, shortened } from "./escape";
import { byRule, many, notes, OPERATIONS, count, refusals, twelve } from "./facts";

/** How much of a stack is shown. */
export interface DetailLimits {
  /** URNs whose properties are left out. */
  readonly withoutDiff: ReadonlySet<string>;
  readonly resources: number;
  /** Findings of one rule. */
  readonly findings: number;
  readonly rules: number;
  /** Lines of errors, of all messages together. */
  readonly lines: number;
  readonly warnings: number;
}

/** In the colours of a diff: a replacement is neither. */
const SIGNS = { create: "+", delete: "-", replace: "!", update: " ", import: "+" } as const;
const KINDS = { add: "+", delete: "-", update: "~" } as const;

/** Everything of one stack that can be unfolded. */
export function details(result: PreviewResult, limits: DetailLimits): readonly string[] {
  return [
    ...errors(result, limits),
    ...folded(changesTitle(result), changes(result, limits)),
    ...folded(`<b>${htmlCode(result.stack, 60)}</b> images that differ`, images(result)),
    ...findings(result, refusals(result), "refused by policy", limits),
    ...findings(result, notes(result), "advice of policies", limits),
    ...warnings(result, limits),
  ];
}

function folded(title: string, body: readonly string[]): readonly string[] {
  if (body.length === 0) return [];
  return [`<details><summary>${title}</summary>\n\n${body.join("\n\n")}\n\n</details>`];
}

/** Errors are not folded: they are what a failed preview is about. */
function errors({ stack, errors: said }: PreviewResult, { lines: most }: DetailLimits): readonly string[] {
  const lines = said.flatMap(({ urn, text }) => [
    ...(urn === undefined ? [] : [`${placeOf(urn)}:`]),
    ...clean(text)
      .split("\n")
      .map((line) => shortened(line, 300)),
  ]);
  if (lines.length === 0) return [];
  // The first line says what it is, the last ones where it ended.
  const shown =
    lines.length <= most
      ? lines
      : [lines[0] ?? "", `… ${many(lines.length - most, "line")} left out`, ...lines.slice(1 - most)];
  return [`${code(stack, 60)} ended with`, fenced(shown, "text")];
}

const placeOf = (urn: string): string => {
  const type = typeOfUrn(urn);
  return type === "pulumi:pulumi:Stack" || type === "" ? "the program" : `${nameOfUrn(urn)} (${type})`;
};

function changesTitle(result: PreviewResult): string {
  const counts = OPERATIONS.map((operation) => [operation, count(result, operation)] as const)
    .filter(([, number]) => number > 0)
    .map(([operation, number]) => `${number} to ${operation}`);
  return `<b>${htmlCode(result.stack, 60)}</b> ${counts.join(", ")}, ${result.unchanged} unchanged`;
}

function changes(result: PreviewResult, limits: DetailLimits): readonly string[] {
  const sorted = sortedChanges(result.changes);
  if (sorted.length === 0) return [];
  const shown = sorted.slice(0, limits.resources);
  const rest = sorted.length - shown.length;
  const lines = shown.flatMap((change) => [
    headOf(change),
    ...(limits.withoutDiff.has(change.urn) ? withoutDiff(change) : diffOf(change)),
  ]);
  return [
    ...(lines.length === 0 ? [] : [fenced(lines, "diff")]),
    ...(rest > 0 ? [`${many(rest, "resource")} left out`] : []),
  ];
}

/** Replacements and deletions first; else the engine's order. */
const sortedChanges = (all: readonly Change[]): readonly Change[] =>
  [...all].sort((a, b) => OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation));

function headOf({ operation, type, name, reasons, retained }: Change): string {
  const because = reasons.length === 0 ? "" : `  because of ${reasons.slice(0, 5).join(", ")}`;
  const kept = retained === true ? "  and left where it is" : "";
  return shortened(`${SIGNS[operation]} ${operation} ${shortened(name, 150)}  ${shortened(type, 100)}${because}${kept}`, 500);
}

/** The lines of a resource's diff; all of them together go first where a comment gets too long. */
export const diffOf = ({ properties, moreProperties }: Change): readonly string[] => [
  ...properties.map(propertyLine),
  ...(moreProperties === undefined ? [] : [`      ${many(moreProperties, "more property", "more properties")}`]),
];

const withoutDiff = ({ properties, moreProperties = 0 }: Change): readonly string[] => {
  const number = properties.length + moreProperties;
  return number === 0 ? [] : [`      ${many(number, "property", "properties")} left out`];
};

function propertyLine({ path, kind, before, after }: ChangedProperty): string {
  const values =
    before !== undefined && after !== undefined && before !== after
      ? `: ${before} → ${after}`
      : kind !== "update" && (before ?? after) !== undefined
        ? `: ${before ?? after}`
        : "";
  return `      ${KINDS[kind]} ${shortened(path, 200)}${values}`;
}

function images({ release }: PreviewResult): readonly string[] {
  if (release === undefined || release.images.length === 0) return [];
  const size = (bytes: number | undefined) => (bytes === undefined ? "" : `  ${(bytes / 1e6).toFixed(1)} MB`);
  const lines = release.images
    .slice(0, 100)
    .map(
      ({ name, before, after, bytesBefore, bytesAfter }) =>
        `${shortened(name, 80)}: ${twelve(before)}${size(bytesBefore)} → ${twelve(after)}${size(bytesAfter)}`,
    );
  return [fenced(lines, "text")];
}

function findings(
  result: PreviewResult,
  found: readonly Finding[],
  what: string,
  limits: DetailLimits,
): readonly string[] {
  const rules = byRule(found);
  const shown = rules.slice(0, limits.rules).flatMap(({ pack, rule, findings: all }) => [
    `**${prose(rule, 100)}** (${prose(pack, 60)}${all[0]?.version === undefined ? "" : ` ${prose(all[0].version, 30)}`})`,
    [
      ...all.slice(0, limits.findings).map(findingLine),
      ...(all.length > limits.findings ? [`- and ${many(all.length - limits.findings, "more resource")}`] : []),
    ].join("\n"),
  ]);
  const rest = rules.length > limits.rules ? [`and ${many(rules.length - limits.rules, "more rule")}`] : [];
  const title = `<b>${htmlCode(result.stack, 60)}</b> ${what}: ${many(found.length, "finding")}`;
  return folded(title, found.length === 0 ? [] : [...shown, ...rest]);
}

const findingLine = ({ urn, message }: Finding): string =>
  `- ${urn === undefined ? "" : `${code(nameOfUrn(urn), 80)} (${code(typeOfUrn(urn), 80)}): `}${prose(message, 600)}`;

function warnings({ stack, warnings: said }: PreviewResult, limits: DetailLimits): readonly string[] {
  if (said.length === 0 || limits.warnings === 0) return [];
  const lines = said.slice(0, limits.warnings).map(({ urn, text }: Message) => {
    const at = urn === undefined ? "" : `${placeOf(urn)}: `;
    return shortened(`${at}${clean(text).replaceAll("\n", " ")}`, 300);
  });
  const rest = said.length > limits.warnings ? [`${said.length - limits.warnings} more`] : [];
  return folded(`<b>${htmlCode(stack, 60)}</b> ${many(said.length, "warning")}`, [fenced([...lines, ...rest], "text")]);
}
