/** The table over all stacks: a row for each that changes, those that stay as they are in one line. */
import type { PreviewResult, ReleaseChange } from "../result";
import { code } from "./escape";
import { count, hasPreview, list, many, notes, ordered, refusals, sizeChange, twelve } from "./facts";

const HEADER = ["stack", "create", "update", "replace", "delete", "policy", "release", "size"] as const;
const ALIGNED = ["---", "---:", "---:", "---:", "---:", "---", "---", "---:"] as const;

/** Images of a release that a cell names. */
const MOST_IMAGES = 2;

/** @param most - rows; stacks beyond are counted. */
export function summary(results: readonly PreviewResult[], most: number): readonly string[] {
  const sorted = ordered(results);
  const rows = sorted.filter(({ outcome }) => outcome !== "unchanged");
  const same = sorted.filter(({ outcome }) => outcome === "unchanged");
  const lines = [HEADER, ALIGNED, ...rows.slice(0, most).map(row)].map((cells) => `| ${cells.join(" | ")} |`);
  const more = rows.length > most ? [`and ${many(rows.length - most, "more stack")}`] : [];
  const resources = same.reduce((sum, { unchanged }) => sum + unchanged, 0);
  const names = list(same.map(({ stack }) => code(stack, 60)));
  const unchanged = same.length === 0 ? [] : [`Unchanged: ${names} (${many(resources, "resource")})`];
  return [...(rows.length === 0 ? [] : [lines.join("\n")]), ...more, ...unchanged];
}

function row(result: PreviewResult): readonly string[] {
  // What a preview that broke off has not come to is not nothing.
  const isCounted = hasPreview(result) || refusals(result).length > 0;
  const number = (operation: "create" | "update" | "replace" | "delete", strong = false): string => {
    const found = count(result, operation) + (operation === "create" ? count(result, "import") : 0);
    if (found === 0) return isCounted ? "–" : "?";
    return strong ? `**${found}**` : String(found);
  };
  const word = result.outcome === "changed" ? "" : ` **${result.outcome}**`;
  return [
    `${code(result.stack, 60)}${word}`,
    number("create"),
    number("update"),
    number("replace", true),
    number("delete", true),
    policyCell(result),
    result.release === undefined ? "–" : releaseCell(result.release),
    sizeChange(result) ?? "–",
  ];
}

function policyCell(result: PreviewResult): string {
  const [mandatory, advisory] = [refusals(result).length, notes(result).length];
  const parts = [
    ...(mandatory > 0 ? [`**${mandatory} refused**`] : []),
    ...(advisory > 0 ? [`${advisory} advisory`] : []),
  ];
  return parts.length === 0 ? "–" : parts.join(", ");
}

/** `r-… → r-…`, and the digests of the first images that differ. */
function releaseCell({ before, after, images }: ReleaseChange): string {
  if (before === after && images.length === 0) return `${code(after, 40)}, the same`;
  const ids = before === undefined ? code(after, 40) : `${code(before, 40)} → ${code(after, 40)}`;
  if (before === undefined) return ids;
  const named = images
    .slice(0, MOST_IMAGES)
    .map((image) => `${code(image.name, 40)} ${twelve(image.before)} → ${twelve(image.after)}`);
  const rest = images.length > MOST_IMAGES ? [`and ${many(images.length - MOST_IMAGES, "more image")}`] : [];
  return [ids, ...named, ...rest].join("<br>");
}
