/** The comment on a pull request: one over all stacks, within a number of characters whatever is in it. */
import type { Change, PreviewResult } from "../result";
import { diffOf, section, withoutDiff, type DetailLimits } from "./details";
import { code, htmlCode } from "./escape";
import { hasPreview, list, many, ordered } from "./facts";
import { headline, looks, type LookLimits } from "./headline";
import { summary } from "./summary";

/** GitHub takes 65,536 characters; what a forge adds when it shows them has room. */
export const MOST_CHARACTERS = 60_000;

/** The first line of every comment of ours, by which the next one finds it; nothing that is escaped can look like it. */
export const MARKER = "<!-- ralex:preview";

/** What a comment says of the run that made it. */
export interface RunFacts {
  /** Commits of the pull request, and of what it is to be merged into; 40 digits. */
  readonly head?: string | undefined;
  readonly base?: string | undefined;
  /** Rises from run to run. */
  readonly run?: number | undefined;
  /** Address of the run. */
  readonly link?: string | undefined;
}

export interface Comment {
  readonly text: string;
  /** Diffs that are left out, for want of room. */
  readonly diffsLeftOut: number;
}

interface Limits extends LookLimits, Omit<DetailLimits, "withoutDiff"> {
  readonly stacks: number;
}

/** What is shown in turn, where even without any diff there is no room for more. */
const STEPS: readonly Limits[] = [
  { stacks: 30, risks: 8, rules: 6, places: 4, resources: 2_000, findings: 20, lines: 30, warnings: 20 },
  { stacks: 30, risks: 8, rules: 6, places: 4, resources: 100, findings: 5, lines: 30, warnings: 5 },
  { stacks: 20, risks: 8, rules: 4, places: 3, resources: 20, findings: 2, lines: 15, warnings: 0 },
  { stacks: 10, risks: 5, rules: 3, places: 2, resources: 0, findings: 1, lines: 5, warnings: 0 },
  { stacks: 5, risks: 3, rules: 1, places: 1, resources: 0, findings: 0, lines: 2, warnings: 0 },
];

/**
 * The comment over the previews of some stacks.
 * @param most - characters that it may have.
 * @throws Error where not even the smallest one fits, which is about 6,000 characters.
 */
export function renderComment(given: readonly PreviewResult[], run: RunFacts, most = MOST_CHARACTERS): Comment {
  const results = ordered(given);
  const diffs = results
    .flatMap(({ changes }, index) =>
      changes.map((change) => ({ key: keyOf(index, change.urn), size: diffSize(change) })),
    )
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size);
  const attempt = (limits: Limits, dropped: number): Comment => {
    const without = new Set(diffs.slice(0, dropped).map(({ key }) => key));
    return { text: whole(results, run, limits, without), diffsLeftOut: dropped };
  };
  const [first, ...others] = STEPS as readonly [Limits, ...Limits[]];
  const smallest = attempt(first, diffs.length);
  if (smallest.text.length > most) {
    const smaller = others.map((limits) => attempt(limits, diffs.length)).find(({ text }) => text.length <= most);
    if (smaller !== undefined) return smaller;
    throw new Error(`a comment of ${most} characters has no room for its smallest form`);
  }
  for (
    let dropped = fewest(diffs, most - smallest.text.length);
    dropped < diffs.length;
    dropped += 1 + (dropped >> 4)
  ) {
    const comment = attempt(first, dropped);
    if (comment.text.length <= most) return comment;
  }
  return smallest;
}

const keyOf = (index: number, urn: string): string => `${index} ${urn}`;

/** Characters that a diff adds to the line that stands where it is left out. */
const diffSize = (change: Change): number => diffOf(change).join("\n").length - withoutDiff(change).join("\n").length;

/** How many of the largest diffs have to go, so that the others fit. */
function fewest(diffs: readonly { readonly size: number }[], room: number): number {
  let [kept, left] = [diffs.length, room];
  while (kept > 0 && (diffs[kept - 1]?.size ?? 0) <= left) {
    kept -= 1;
    left -= diffs[kept]?.size ?? 0;
  }
  return kept;
}

function whole(results: readonly PreviewResult[], run: RunFacts, limits: Limits, dropped: ReadonlySet<string>): string {
  const shown = new Set(results.slice(0, limits.stacks));
  const sections = results.flatMap((result, index) => {
    if (!shown.has(result)) return [];
    const own = result.changes.filter(({ urn }) => dropped.has(keyOf(index, urn))).map(({ urn }) => urn);
    return section(result, { ...limits, withoutDiff: new Set(own) });
  });
  return [
    marker(run),
    headline(results),
    ...looks(results, limits),
    ...summary(results, limits.stacks),
    ...sections,
    ...leftOut(results, dropped.size, limits),
    footer(results, run),
    link(run),
  ].join("\n\n");
}

const marker = ({ run }: RunFacts): string => `${MARKER}${run === undefined ? "" : ` run=${run}`} -->`;

function leftOut(results: readonly PreviewResult[], diffs: number, limits: Limits): readonly string[] {
  const beyond = results.reduce((sum, { omitted }) => sum + omitted, 0);
  const what = [
    ...(diffs > 0 ? [`${many(diffs, "diff")}, the largest first`] : []),
    ...(limits === STEPS[0] ? [] : ["resources, findings and lines of errors beyond the first ones"]),
    ...(results.length > limits.stacks ? [`the details of ${many(results.length - limits.stacks, "stack")}`] : []),
    ...(beyond > 0 ? [`${many(beyond, "entry", "entries")} that the result has no room for`] : []),
  ];
  return what.length === 0
    ? []
    : [`_Left out for want of room: ${what.join("; ")}. Every number above is of the whole._`];
}

/** What was compared with what, and by what; the same for the same commits. */
function footer(results: readonly PreviewResult[], { head, base }: RunFacts): string {
  const commits = [...new Set(results.flatMap(({ commit }) => commit?.slice(0, 12) ?? []))];
  const versions = [...new Set(results.flatMap(({ pulumi }) => pulumi ?? []))];
  const broken = results.filter((result) => !hasPreview(result)).length;
  const parts = [
    head === undefined ? list(commits.map((commit) => `commit ${commit}`)) : `commit ${head.slice(0, 12)}`,
    ...(base === undefined ? [] : [`base ${base.slice(0, 12)}`]),
    ...(versions.length === 0 ? [] : [`Pulumi ${list(versions.map((version) => code(version, 30)))}`]),
    ...(broken === 0 ? ["values are shown of image digests and counts only"] : []),
  ];
  return `<sub>${parts.filter((part) => part !== "").join(" · ")}</sub>`;
}

/** The last line, which is another one in every run, and so is none of what makes a comment another. */
const link = ({ link: address }: RunFacts): string =>
  address !== undefined && /^https?:\/\/[\w.:/-]{1,300}$/.test(address)
    ? `<sub><a href="${address}">this run</a></sub>`
    : `<sub>made by ${htmlCode("./ralex ci comment")}</sub>`;

/** A comment without what names the run: two that are equal so say the same. */
export const substance = (text: string): string =>
  text.replace(/\r\n/g, "\n").trimEnd().split("\n").slice(1, -1).join("\n");

/** The run that a comment was made by, as its marker has it; undefined where it is none of ours, or names no run. */
export function runOf(text: string): number | undefined {
  const run = /^<!-- ralex:preview run=(\d{1,15}) -->/.exec(text)?.[1];
  return run === undefined ? undefined : Number(run);
}

export const isPreviewComment = (text: string): boolean =>
  /^<!-- ralex:preview(?: run=\d{1,15})? -->(?:\r?\n|$)/.test(text);
