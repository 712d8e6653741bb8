/** What drift is shown and sent as. */
import Table from "cli-table3";

/** One thing that is not as it was said to be. No value in it is a secret. */
export interface Difference {
  /** Who sees it: the engine in its resources, Docker in the running images, or the record of the last update. */
  readonly from: "resource" | "container" | "setting";
  /** Name of the resource, of the container, or of the file with the settings. */
  readonly subject: string;
  readonly property: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** The resource's URN. */
  readonly urn?: string;
}

/** What the engine's JSON has in the place of a secret. */
export const SECRET = "[secret]";

/** Characters of a value that people are shown; `--json` has all of them. */
const LONGEST = 160;

/** Most characters in a line of a column with values. */
const WIDEST = 50;

/** A value in one line, as it is shown to people. */
export function shown(value: unknown): string {
  if (value === undefined) return "-";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}

export function driftTable(differences: readonly Difference[]): string {
  const table = new Table({
    head: ["resource", "property", "expected", "actual"],
    style: { head: [], border: [] },
    // Digests are long; what is short takes the room that it needs and no more.
    colWidths: [null, null, WIDEST, WIDEST],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  for (const { subject, property, expected, actual } of differences) {
    table.push([subject, property, shown(expected), shown(actual)]);
  }
  return table.toString();
}

/** The differences as lines of text, for a message; what is beyond the limit is counted. */
export function driftLines(differences: readonly Difference[], most: number): readonly string[] {
  const lines = differences
    .slice(0, most)
    .map(
      ({ subject, property, expected, actual }) =>
        `${subject} ${property}: expected ${shown(expected)}, is ${shown(actual)}`,
    );
  return differences.length <= most ? lines : [...lines, `and ${differences.length - most} more`];
}
