/** What drift is shown and sent as. */
import Table from "cli-table3";
import { shownPair } from "./shown";

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

/** Most characters in a line of a column with values. */
const WIDEST = 50;

const SECRETS = [SECRET, SECRET] as const;

/** Both values as they are shown; where a secret is one of them, there is nothing more to say. */
const valuesOf = ({ expected, actual }: Difference): readonly [string, string] =>
  expected === SECRET && actual === SECRET ? SECRETS : shownPair(expected, actual);

export function driftTable(differences: readonly Difference[]): string {
  const table = new Table({
    head: ["resource", "property", "expected", "actual"],
    style: { head: [], border: [] },
    // Digests are long; what is short takes the room that it needs and no more.
    colWidths: [null, null, WIDEST, WIDEST],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  for (const difference of differences) {
    table.push([difference.subject, difference.property, ...valuesOf(difference)]);
  }
  return table.toString();
}

/** The differences as lines of text, for a message; what is beyond the limit is counted. */
export function driftLines(differences: readonly Difference[], most: number): readonly string[] {
  const lines = differences.slice(0, most).map((difference) => {
    const [expected, actual] = valuesOf(difference);
    return `${difference.subject} ${difference.property}: expected ${expected}, is ${actual}`;
  });
  return differences.length <= most ? lines : [...lines, `and ${differences.length - most} more`];
}
