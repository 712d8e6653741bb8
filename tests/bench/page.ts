/** The results for people: a table in the terminal, and docs/benchmarks.md. */
import Table from "cli-table3";
import type { Benchmark } from "./benchmark";
import type { Result } from "./results";

const HEAD = ["benchmark", "value", "peer", "ratio", "goal", "met", "load"] as const;

const shown = (value: number | null, unit = ""): string => (value === null ? "–" : `${value}${unit}`);

const cells = (result: Result): readonly string[] => [
  result.name,
  shown(result.value, ` ${result.unit}`),
  shown(result.peer, result.peerVersion === null ? "" : ` (${result.peerVersion})`),
  shown(result.ratio, "x"),
  result.goal,
  result.met ? "yes" : "no",
  shown(result.load),
];

export function terminalTable(results: readonly Result[]): string {
  const table = new Table({ head: [...HEAD], style: { head: [], border: [] }, wordWrap: true });
  for (const result of results) table.push([...cells(result)]);
  const notes = results.flatMap(({ name, note }) => (note === null ? [] : [`${name}: ${note}`]));
  return [table.toString(), ...notes].join("\n");
}

/** Text for a cell: a bar would end it, a new line the table. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const row = (texts: readonly string[]): string => `| ${texts.map(cell).join(" | ")} |`;

/** @param machine - lines that describe the machine of the latest run. */
export function markdownPage(
  benchmarks: readonly Benchmark[],
  results: readonly Result[],
  machine: readonly string[],
): string {
  const methods = new Map(benchmarks.map(({ name, method }) => [name, method]));
  const how = results.map((result) => {
    const samples = result.samples.length === 0 ? "" : ` Samples: ${result.samples.join(", ")} ${result.unit}.`;
    const commit = result.commit === null ? "" : ` Commit ${result.commit}.`;
    const note = result.note === null ? "" : ` Note: ${result.note}.`;
    return `- **${result.name}**: ${methods.get(result.name) ?? ""}.${samples}${note}${commit}`;
  });
  return [
    "# Benchmarks",
    "",
    "Written by `npm run bench`; benchmarks.json has the same numbers for programs. Values are medians; a ratio is ours",
    "over the peer's, the median of the pairs' ratios where the two were measured in turn. The load is the machine's",
    "load average of the minute before the benchmark began: numbers of a busy machine are worse than they could be.",
    "",
    "## Results",
    "",
    row(HEAD),
    row(HEAD.map(() => "---")),
    ...results.map((result) => row(cells(result))),
    "",
    "## The machine of the latest run",
    "",
    ...machine.map((line) => `- ${line}`),
    "",
    "## How each is measured",
    "",
    ...how.map((line) => line.replaceAll("\n", " ")),
    "",
  ].join("\n");
}
