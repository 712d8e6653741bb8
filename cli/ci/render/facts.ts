/** What a result says, counted and ordered for its readers. */
import { lossOf, type Loss } from "../data-types";
import { OUTCOMES, type Change, type Finding, type Operation, type PreviewResult } from "../result";

export const OPERATIONS: readonly Operation[] = ["replace", "delete", "create", "update", "import"];

export const count = ({ changes }: PreviewResult, operation: Operation): number =>
  changes.filter((change) => change.operation === operation).length;

/** A change that loses something, with what. */
export interface Risk {
  readonly stack: string;
  readonly change: Change;
  readonly loss: Loss;
}

/** Deletions and replacements of what holds data, those that leave it where it is not among them. */
export const risksOf = ({ stack, changes }: PreviewResult): readonly Risk[] =>
  changes.flatMap((change) => {
    if (change.operation !== "delete" && change.operation !== "replace") return [];
    const loss = change.retained === true ? undefined : lossOf(change.type);
    return loss === undefined ? [] : [{ stack, change, loss }];
  });

export const refusals = ({ findings }: PreviewResult): readonly Finding[] => findings.filter(({ refuses }) => refuses);

export const notes = ({ findings }: PreviewResult): readonly Finding[] => findings.filter(({ refuses }) => !refuses);

/** The findings of one rule of one pack. */
export interface RuleFindings {
  readonly pack: string;
  readonly rule: string;
  readonly findings: readonly Finding[];
}

/** By rule, the rule with the most findings first. */
export function byRule(findings: readonly Finding[]): readonly RuleFindings[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.pack, finding.rule]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()]
    .map((group) => ({ pack: group[0]?.pack ?? "", rule: group[0]?.rule ?? "", findings: group }))
    .sort((a, b) => b.findings.length - a.findings.length || (a.rule < b.rule ? -1 : 1));
}

export const hasPreview = ({ outcome }: PreviewResult): boolean => outcome === "changed" || outcome === "unchanged";

/** How urgent a stack is: failed and refused first, then what loses data, replaces or deletes, then the rest. */
function rank(result: PreviewResult): number {
  if (result.outcome !== "changed") return OUTCOMES.indexOf(result.outcome) * (result.outcome === "unchanged" ? 10 : 1);
  if (risksOf(result).length > 0) return 10;
  if (count(result, "delete") + count(result, "replace") > 0) return 11;
  return 12;
}

/** In the order in which they deserve to be read. */
export const ordered = (results: readonly PreviewResult[]): readonly PreviewResult[] =>
  [...results].sort((a, b) => rank(a) - rank(b) || (a.stack < b.stack ? -1 : 1));

/** `1 resource`, `2 resources`. */
export const many = (number: number, one: string, more = `${one}s`): string => `${number} ${number === 1 ? one : more}`;

/** `a`, `a and b`, `a, b and c`; beyond `most` they are counted. */
export function list(words: readonly string[], most = 5): string {
  const shown = words.length > most ? [...words.slice(0, most - 1), `${words.length - most + 1} more`] : words;
  if (shown.length < 2) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

const megabytes = (bytes: number): string => `${(Math.abs(bytes) / 1e6).toFixed(1)} MB`;

/** `+3.1 MB` over the images that differ; undefined where one of them was not measured on both sides. */
export function sizeChange({ release }: PreviewResult): string | undefined {
  if (release === undefined || release.images.length === 0) return undefined;
  let sum = 0;
  for (const { before, after, bytesBefore, bytesAfter } of release.images) {
    if ((before !== undefined && bytesBefore === undefined) || (after !== undefined && bytesAfter === undefined)) {
      return undefined;
    }
    sum += (bytesAfter ?? 0) - (bytesBefore ?? 0);
  }
  return `${sum < 0 ? "−" : "+"}${megabytes(sum)}`;
}

/** Twelve of a digest's 64 digits. */
export const twelve = (digest: string | undefined): string => digest?.slice(0, 12) ?? "none";
