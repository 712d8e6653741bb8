/** What is folded: a stack's resources with what differs, its release, what policies say, and its warnings. */
import type { Change, ChangedProperty, Finding, Message, PreviewResult } from "../result";
import { typeOfUrn, nameOfUrn } from "../events/changes";
import { code, clean, fenced, htmlCode, prose, shortened } from "./escape";
import { byRule, list, many, notes, OPERATIONS, count, refusals, twelve } from "./facts";
import { sentencesOf } from "./headline";

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

/** The section of one stack: what it ended with, and everything else to unfold. */
export function section(result: PreviewResult, limits: DetailLimits): readonly string[] {
  const parts = [
    ...changes(result, limits),
    ...images(result),
    ...findings("Refused by policy", refusals(result), limits),
    ...findings("Advice of policies", notes(result), limits),
    ...warnings(result, limits),
  ];
  const folded = `<details><summary>${title(result)}</summary>\n\n${parts.join("\n\n")}\n\n</details>`;
  return [...errors(result, limits), ...(parts.length === 0 ? [] : [folded])];
}

function title(result: PreviewResult): string {
  const { stack, unchanged, findings: found, warnings: said } = result;
  const parts = [
    ...OPERATIONS.map((operation) => [count(result, operation), ` to ${operation}`] as const),
    [unchanged, " unchanged"] as const,
  ].flatMap(([number, what]) => (number === 0 ? [] : [`${number}${what}`]));
  const more = [
    ...(found.length === 0 ? [] : [many(found.length, "finding")]),
    ...(said.length === 0 ? [] : [many(said.length, "warning")]),
  ];
  return `<b>${htmlCode(stack, 60)}</b> ${[...parts, ...more].join(", ")}`;
}

/** Where Node, Pulumi and the loader of TypeScript were when a program threw: in every stack trace, and never the cause. */
const FRAME_OF_OTHERS =
  /^\s+at .*(?:\(|\s)(?:node:internal\/|\S*(?:\/node_modules\/@pulumi\/pulumi\/|\/toolchain\/typescript\.js:))/;

/** Errors are not folded: they are what a failed preview is about. */
function errors({ stack, errors: said }: PreviewResult, { lines: most }: DetailLimits): readonly string[] {
  const lines = said.flatMap(({ urn, text }) => [
    ...(urn === undefined ? [] : [`${placeOf(urn)}:`]),
    ...clean(text)
      .split("\n")
      .filter((line) => !FRAME_OF_OTHERS.test(line))
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
    "**Changes**",
    ...(lines.length === 0 ? [] : [fenced(lines, "diff")]),
    ...(rest > 0 ? [`${many(rest, "resource")} left out`] : []),
  ];
}

/** Replacements and deletions first; else the engine's order. */
const sortedChanges = (all: readonly Change[]): readonly Change[] =>
  [...all].sort((a, b) => OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation));

function headOf({ operation, type, name, reasons, retained }: Change): string {
  const because = reasons.length === 0 ? "" : `  because of ${list(reasons, 3)}`;
  const kept = retained === true ? "  and left where it is" : "";
  return shortened(
    `${SIGNS[operation]} ${operation} ${shortened(name, 150)}  ${shortened(type, 100)}${because}${kept}`,
    500,
  );
}

/** The lines of a resource's diff; all of them together go first where a comment gets too long. */
export const diffOf = ({ properties, moreProperties }: Change): readonly string[] => [
  ...properties.map(propertyLine),
  ...(moreProperties === undefined ? [] : [`      ${many(moreProperties, "more property", "more properties")}`]),
];

/** What stands where a diff is left out. */
export const withoutDiff = ({ properties, moreProperties = 0 }: Change): readonly string[] => {
  const number = properties.length + moreProperties;
  return number === 0 ? [] : [`      ${many(number, "property", "properties")} left out`];
};

function propertyLine({ path, kind, before, after }: ChangedProperty): string {
  const [from, to] = [before, after].map((value) => (value === undefined ? undefined : shortened(value, 200)));
  const values =
    before !== undefined && after !== undefined && before !== after
      ? `: ${from} → ${to}`
      : kind !== "update" && (before ?? after) !== undefined
        ? `: ${from ?? to}`
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
  return ["**Images that differ**", fenced(lines, "text")];
}

function findings(what: string, found: readonly Finding[], limits: DetailLimits): readonly string[] {
  const rules = byRule(found);
  const shown = rules
    .slice(0, limits.rules)
    .flatMap(({ pack, rule, findings: all }) => [
      `${code(rule, 100)} of ${code(`${pack} ${all[0]?.version ?? ""}`, 90)}`,
      [
        ...all.slice(0, limits.findings).map(findingLine),
        ...(all.length > limits.findings ? [`- and ${many(all.length - limits.findings, "more resource")}`] : []),
      ].join("\n"),
    ]);
  const rest = rules.length > limits.rules ? [`and ${many(rules.length - limits.rules, "more rule")}`] : [];
  return found.length === 0 ? [] : [`**${what}**`, ...shown, ...rest];
}

function findingLine({ urn, message }: Finding): string {
  const at = urn === undefined ? "" : `${code(nameOfUrn(urn), 80)} (${code(typeOfUrn(urn), 80)}): `;
  const { wrong, fix } = sentencesOf(message);
  const remedy = fix === undefined ? "" : ` **Fix:** ${prose(fix, 600)}`;
  return `- ${at}${prose(/[.!?:]\s*$/.test(wrong) ? wrong : `${wrong.trimEnd()}.`, 600)}${remedy}`;
}

function warnings({ warnings: said }: PreviewResult, limits: DetailLimits): readonly string[] {
  if (said.length === 0 || limits.warnings === 0) return [];
  const lines = said.slice(0, limits.warnings).map(({ urn, text }: Message) => {
    const at = urn === undefined ? "" : `${placeOf(urn)}: `;
    return shortened(`${at}${clean(text).replaceAll("\n", " ")}`, 300);
  });
  const rest = said.length > limits.warnings ? [`${said.length - limits.warnings} more`] : [];
  return ["**Warnings**", fenced([...lines, ...rest], "text")];
}
