/** The tiers of tests, how each is run and how its results are counted. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";

export interface TierResult {
  readonly tier: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Why the tier could not run on this machine; absent when it ran. */
  readonly skipped?: string;
}

export interface Tier {
  readonly name: string;
  readonly run: (checkout: string) => Promise<{ passed: number; failed: number }>;
}

/** Runs a command whose exit code is one test: 0 passed, anything else failed. */
const step = async (checkout: string, file: string, args: readonly string[]) => {
  const { exitCode } = await execa(file, [...args], {
    cwd: checkout,
    stdio: "inherit",
    preferLocal: true,
    reject: false,
  });
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

/**
 * Runs one jest project and counts from its own report. A run that ended without a report, or whose suites did not
 * load, is a failure even if no test failed.
 */
async function jest(checkout: string, project: string) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-jest-"));
  const report = path.join(folder, "report.json");
  try {
    const { exitCode } = await execa("jest", ["--ci", "--selectProjects", project, "--json", "--outputFile", report], {
      cwd: checkout,
      preferLocal: true,
      reject: false,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
    });
    if (!fs.existsSync(report)) return { passed: 0, failed: 1 };
    return countJest(JSON.parse(fs.readFileSync(report, "utf8")), exitCode);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Passed and failed tests of a jest report; a suite that did not load counts as one failure. */
export function countJest(
  report: { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites: number },
  exitCode: number,
): { passed: number; failed: number } {
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

export const TIERS: readonly Tier[] = [
  { name: "types", run: (checkout) => step(checkout, "tsc", ["--noEmit"]) },
  { name: "lint", run: (checkout) => step(checkout, "eslint", [".", "--max-warnings", "0"]) },
  { name: "format", run: (checkout) => step(checkout, "prettier", ["--check", ".", "--log-level", "warn"]) },
  { name: "unit", run: (checkout) => jest(checkout, "unit") },
];

/** The closing line; in CI a tier that could not run is a failure. */
export function summarise(results: readonly TierResult[], inCi: boolean): { line: string; ok: boolean } {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const skipped = results.filter((result) => result.skipped !== undefined).length;
  const failed = results.reduce((sum, result) => sum + result.failed, 0) + (inCi ? skipped : 0);
  return { line: `${passed} passed, ${failed} failed`, ok: failed === 0 && passed > 0 };
}
