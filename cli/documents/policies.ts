/** What people read about the policy pack, from its rules. */
import { catalogueOf } from "../../policy/catalogue";
import { RULES } from "../../policy/rules";
import { SCANNER_FINDINGS, SCANNERS } from "../../policy/scanners";
import { table, withBlock } from "./markdown";

/** docs/policies.md with the tables of rules and of what others find; the rest as it is. */
export const policiesPage = (present: string): string =>
  withBlock(withBlock(present, "rules", rules()), "scanners", scanners());

/** Kinds of a rule's resources by what they have in common: a workload has nineteen types. */
const MOST_TYPES = 4;

const shownTypes = (types: readonly string[]): string => {
  const shown = types.slice(0, MOST_TYPES).map((type) => `\`${type}\``);
  return types.length > MOST_TYPES ? `${shown.join(", ")} and ${types.length - MOST_TYPES} more` : shown.join(", ");
};

/** Places to fill in are no tags. */
const markdown = (text: string): string => text.replaceAll("<", "&lt;");

function rules(): string {
  const entries = catalogueOf(RULES);
  const overview = table(
    ["rule", "what has to hold", "severity", "development", "promoted", "unknown"],
    entries.map(({ id, title, severity, development, promoted, onUnknown }) => [
      `[${id}](#${id.toLowerCase()})`,
      title,
      severity,
      development,
      promoted,
      onUnknown,
    ]),
  );
  const each = entries.map(
    ({ id, name, title, scope, types, fix, reason }) =>
      `### ${id}\n\n\`${name}\`: ${title}.\n\n- Judges ${scope === "stack" ? "together" : "one by one"}: ${shownTypes(types)}\n` +
      `- Fix: ${markdown(fix)}\n- Why: [${reason.source}](${reason.link})\n`,
  );
  return `## The ${entries.length} rules\n\n${overview}\n${each.join("\n")}`;
}

function scanners(): string {
  const versions = Object.entries(SCANNERS).map(([name, version]) => `${name} ${version}`);
  const rows = SCANNER_FINDINGS.map(({ scanner, ids, title, places, rules: own, leftOut }) => [
    scanner,
    ids.join(", "),
    title,
    places.join(", "),
    own.length === 0 ? "none" : own.join(", "),
    leftOut ?? "",
  ]);
  return `${versions.join(", ")}.\n\n${table(["scanner", "its id", "finding", "on", "ours", "left out, and why"], rows)}`;
}
