/** Runs benchmarks one after the other, and writes what they gave after each. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { BENCHMARKS } from ".";
import type { Benchmark } from "./benchmark";
import { markdownPage } from "./page";
import { mergeResults, readResults, resultOf, unmeasured, type Result } from "./results";
import { removeClusterSite } from "./support/cluster-site";
import { removeReleases } from "./support/environment";
import { machineDescription } from "./support/machine";

const JSON_FILE = "docs/benchmarks.json";
const PAGE = "docs/benchmarks.md";

/** Those that are named, or all but the ones that have to be. @throws Error listing what there is. */
export function chosen(names: readonly string[], benchmarks = BENCHMARKS): readonly Benchmark[] {
  const unknown = names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    const known = benchmarks.map(({ name }) => name).join(", ");
    throw new Error(`no benchmark is called ${unknown.join(", ")}: choose from ${known}`);
  }
  return benchmarks.filter(({ name, onlyWhenNamed }) =>
    names.length === 0 ? onlyWhenNamed === undefined : names.includes(name),
  );
}

/** @returns the results of this run. A benchmark that failed is among them, as not met and with its error. */
export async function runBenchmarks(checkout: string, benchmarks: readonly Benchmark[]): Promise<readonly Result[]> {
  const commit = await commitOf(checkout);
  const machine = await machineDescription(load());
  const results: Result[] = [];
  // What a benchmark started ends with it, so an interruption lets it fail; a second one ends the process at once.
  let interrupted = false;
  process.once("SIGINT", () => (interrupted = true));
  for (const benchmark of benchmarks) {
    if (interrupted) throw new Error("interrupted");
    const run = { commit, load: load() };
    console.error(`${benchmark.name}: running (load ${run.load.toFixed(2)})`);
    const say = (line: string) => console.error(`  ${line}`);
    const result = await benchmark
      .run({ checkout, say })
      .then((samples) => resultOf(benchmark, samples, run))
      .catch((error: unknown) => unmeasured(benchmark, error instanceof Error ? error.message : String(error), run));
    if (interrupted) continue;
    results.push(result);
    await write(checkout, [result], machine);
    const said = result.value === null ? `not measured: ${result.note}` : `${result.value} ${result.unit}`;
    console.error(`${benchmark.name}: ${said}; goal ${result.goal}${result.met ? ", met" : ", not met"}`);
  }
  await removeReleases();
  await removeClusterSite();
  return results;
}

const load = (): number => os.loadavg()[0] ?? 0;

/** Puts new results among the earlier ones. Both files are written together, from the same list. */
async function write(checkout: string, fresh: readonly Result[], machine: readonly string[]): Promise<void> {
  const file = path.join(checkout, JSON_FILE);
  const earlier = fs.existsSync(file) ? readResults(fs.readFileSync(file, "utf8")) : [];
  const results = mergeResults(BENCHMARKS, earlier, fresh);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const { format, resolveConfig } = await import("prettier");
  const options = await resolveConfig(file);
  fs.writeFileSync(file, await format(JSON.stringify(results), { ...options, parser: "json" }));
  const page = markdownPage(BENCHMARKS, results, machine);
  fs.writeFileSync(path.join(checkout, PAGE), await format(page, { ...options, parser: "markdown" }));
}

/** The commit, with `-dirty` where anything but the results themselves differs from it. */
async function commitOf(checkout: string): Promise<string> {
  const git = (...args: string[]) => execa("git", args, { cwd: checkout, stdin: "ignore" });
  const others = ["--", ".", `:!${JSON_FILE}`, `:!${PAGE}`];
  const [commit, changes] = await Promise.all([
    git("rev-parse", "--short=12", "HEAD"),
    git("status", "--porcelain", ...others),
  ]);
  return commit.stdout + (changes.stdout === "" ? "" : "-dirty");
}
