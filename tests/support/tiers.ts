/** The tiers of tests, how each is run and how its results are counted. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import execa from "execa";
import { prepareMachine } from "../../cli/machine";
import { CLUSTER_MODULES } from "../../toolchain/cluster/modules";
import { goModuleFolder, goTool, type GoModuleName } from "../../toolchain/go-tools";
import { installChromium } from "./chromium";
import { serverBinary } from "./s3-server";
import { copyCheckout, removeCopy, type TestStack } from "./stack";
import { bridgeEnvironment, BRIDGE, prepareBridge, preparePostgres } from "./bridge";

export interface TierResult {
  readonly tier: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Why the tier could not run on this machine; absent when it ran. */
  readonly skipped?: string;
  /** What failed, and how it was told, for the end of a run. */
  readonly failures?: readonly string[];
}

type Counts = Pick<TierResult, "passed" | "failed" | "failures">;

export interface Tier {
  readonly name: string;
  /** What has to be on the machine first; installs it where it may. A failure skips the tier, with its reason. */
  readonly prepare?: (checkout: string) => Promise<void>;
  /**
   * @param match - for a tier of jest: the files whose path matches, and no others.
   * @param beside - whether others run meanwhile: then at the lowest priority, and all that is printed in one piece.
   */
  readonly run: (checkout: string, match?: string, beside?: boolean) => Promise<Counts>;
  /** What it needs of the Go modules that are compiled here; they are compiled ahead of it, where nothing else is. */
  readonly compiles?: readonly GoModuleName[];
  /** Seconds that it may take on two cores with every cache warm; over it, the time is looked at, and nothing fails. */
  readonly budget: number;
  /**
   * Whether it goes on beside the tiers after it, at the lowest priority: those wait for engines most of the time. Only for
   * tests that measure no time.
   */
  readonly isBeside?: true;
  /** Left out of a run that names no tiers: it takes longer than a change can wait for. */
  readonly isNightly?: true;
}

const JEST = ["--ci", "--json"] as const;

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
async function jest(
  checkout: string,
  project: string,
  options: readonly string[] = [],
  match?: string,
  beside = false,
): Promise<Counts> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-jest-"));
  const report = path.join(folder, "report.json");
  try {
    const lowered = beside ? (["nice", "-n", "19", "jest"] as const) : (["jest"] as const);
    const [program, ...first] = lowered;
    const { exitCode, stderr } = await execa(
      program,
      [
        ...first,
        ...JEST,
        ...options,
        ...["--selectProjects", project, "--outputFile", report],
        ...(match === undefined ? [] : ["--testPathPatterns", match]),
      ],
      {
        cwd: checkout,
        preferLocal: true,
        reject: false,
        stdin: "ignore",
        stdout: "ignore",
        stderr: beside ? "pipe" : "inherit",
      },
    );
    if (beside) console.error(stderr);
    if (!fs.existsSync(report)) return { passed: 0, failed: 1 };
    const results = JSON.parse(fs.readFileSync(report, "utf8")) as JestReport;
    for (const line of slowest(results)) console.log(`  ${line}`);
    return { ...countJest(results, exitCode), failures: failuresOf(results) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What is read of a jest report. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    /** `duration` is in milliseconds, and null for a test that did not run. */
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly duration?: number | null;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Of a message this much says what is wrong; the whole of it stands above. */
const MESSAGE_LINES = 12;

/** Each test that failed, with the beginning of its message. */
export const failuresOf = ({ testResults }: Pick<JestReport, "testResults">): readonly string[] =>
  testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ failureMessages = [] }) => failureMessages.length > 0)
    .map(({ fullName, failureMessages = [] }) => {
      const lines = stripVTControlCharacters(failureMessages.join("\n")).split("\n").slice(0, MESSAGE_LINES);
      return [fullName, ...lines.map((line) => `    ${line}`)].join("\n");
    });

/** Tests that take less than this are not worth a line, in milliseconds. */
const SLOW_MS = 10_000;

/** The tests that a tier's time goes to, longest first, each with its seconds. */
export function slowest({ testResults }: Pick<JestReport, "testResults">): readonly string[] {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ fullName, duration }) => ({ fullName, duration: duration ?? 0 }))
    .filter(({ duration }) => duration >= SLOW_MS)
    .sort((a, b) => b.duration - a.duration)
    .map(({ fullName, duration }) => `${(duration / 1000).toFixed(0)} s: ${fullName}`);
}

/** Passed and failed tests of a jest report; a suite that did not load counts as one failure. */
export function countJest(
  report: Omit<JestReport, "testResults">,
  exitCode: number,
): { passed: number; failed: number } {
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

/** Python beside the bridge that its environment runs and checks too. */
const BESIDE = ["../probe", "../../components/secrets/composer"] as const;

/** Runs the pytest suites of the bridge and the probe and counts from their report. */
async function pytest(checkout: string) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-pytest-"));
  const report = path.join(folder, "report.xml");
  try {
    const python = path.join(await bridgeEnvironment(checkout), "bin/python");
    const { exitCode } = await execa(
      python,
      [
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        `--junit-xml=${report}`,
        "tests",
        ...BESIDE.map((folder) => `${folder}/tests`),
      ],
      {
        cwd: path.join(checkout, BRIDGE),
        reject: false,
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
      },
    );
    return fs.existsSync(report) ? countJunit(fs.readFileSync(report, "utf8"), exitCode) : { passed: 0, failed: 1 };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Passed and failed tests of a JUnit report; skipped ones count as neither. */
export function countJunit(report: string, exitCode: number): { passed: number; failed: number } {
  const count = (name: string) =>
    [...report.matchAll(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`, "g"))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  const failed = count("failures") + count("errors");
  const passed = count("tests") - failed - count("skipped");
  return { passed, failed: failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : failed };
}

/** The linters of the Python code: each is one test. */
async function bridgeLint(checkout: string) {
  const python = path.join(await bridgeEnvironment(checkout), "bin/python");
  const folder = path.join(checkout, BRIDGE);
  const results = [];
  for (const args of [
    ["ruff", "check", "--no-cache", ".", ...BESIDE],
    ["ruff", "format", "--no-cache", "--check", ".", ...BESIDE],
    ["mypy", "--cache-dir", path.join(os.tmpdir(), "ralex-mypy")],
    ...BESIDE.map((folder) => {
      const cache = path.join(os.tmpdir(), `ralex-mypy-${path.posix.basename(folder)}`);
      return ["mypy", "--cache-dir", cache, folder];
    }),
  ]) {
    results.push(await step(folder, python, ["-m", ...args]));
  }
  return {
    passed: results.filter(({ failed }) => failed === 0).length,
    failed: results.filter(({ failed }) => failed > 0).length,
  };
}

/** The machine with everything that the engine, docker and browser tiers need. */
async function prepareStack(checkout: string): Promise<void> {
  await prepareMachine(checkout, { images: true, workingTree: true });
}

/** The CLI, and the S3 server whose compiling would take longer than a test may. */
async function prepareEngine(checkout: string): Promise<void> {
  await prepareMachine(checkout, {});
  await serverBinary();
}

/** A cluster with what serves it, the official provider, and a browser. Compiled once for a machine, in 20 minutes. */
async function prepareKubernetes(checkout: string, nodes = 1): Promise<void> {
  await Promise.all([prepareBrowser(checkout), goTool("pulumi-resource-kubernetes")]);
  const { clusterStatus, startCluster } = await import("../../toolchain/cluster");
  isOwnCluster = !(await clusterStatus()).running;
  await startCluster({ nodes });
}

/** The same with several nodes, on which NetworkPolicies hold. */
async function prepareKubernetesNightly(checkout: string): Promise<void> {
  await prepareKubernetes(checkout, 3);
  const { addToCluster } = await import("../../toolchain/cluster");
  await addToCluster("network-policies");
}

/** Whether the cluster was started for the tests: one that ran before goes on. */
let isOwnCluster = false;

async function onCluster(checkout: string, project: string, match?: string) {
  try {
    return await jest(checkout, project, ["--runInBand"], match);
  } finally {
    const { stopCluster } = await import("../../toolchain/cluster");
    if (isOwnCluster) await stopCluster();
  }
}

async function prepareBrowser(checkout: string): Promise<void> {
  await prepareStack(checkout);
  await installChromium();
}

let copy: Promise<TestStack> | undefined;

/** Runs tests against a stack in a copy of the checkout, which the tiers of one run share. */
async function onStack(checkout: string, project: string, match?: string) {
  copy ??= copyCheckout(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-stack-")));
  process.env.RALEX_TEST_COPY = (await copy).folder;
  return jest(checkout, project, ["--runInBand"], match);
}

/** Removes what the tiers of this run shared. */
export async function cleanUp(): Promise<void> {
  if (copy !== undefined) await removeCopy(await copy);
}

export const TIERS: readonly Tier[] = [
  { name: "types", budget: 25, run: (checkout) => step(checkout, "tsc", ["--noEmit"]) },
  { name: "lint", budget: 25, run: (checkout) => step(checkout, "eslint", [".", "--max-warnings", "0"]) },
  {
    name: "format",
    budget: 15,
    run: (checkout) => step(checkout, "prettier", ["--check", ".", "--log-level", "warn"]),
  },
  { name: "unit", budget: 75, run: (checkout, match) => jest(checkout, "unit", ["--maxWorkers", "100%"], match) },
  { name: "policy", budget: 90, run: (checkout, match) => jest(checkout, "policy", ["--maxWorkers", "100%"], match) },
  { name: "bridge-lint", budget: 10, prepare: prepareBridge, run: bridgeLint },
  { name: "bridge", budget: 120, prepare: prepareBridge, run: pytest },
  {
    name: "database",
    budget: 15,
    prepare: preparePostgres,
    run: (checkout, match) => jest(checkout, "database", ["--runInBand"], match),
  },
  {
    name: "engine",
    budget: 480,
    prepare: prepareEngine,
    compiles: [
      "pulumi",
      "pulumi-kubernetes",
      "versitygw",
      "helm",
      "compose",
      "kubeconform",
      "victoria-logs",
      "otel-collector",
    ],
    isBeside: true,
    run: (checkout, match, beside) => jest(checkout, "engine", ["--maxWorkers", "2"], match, beside),
  },
  {
    name: "docker",
    budget: 1200,
    prepare: prepareStack,
    compiles: ["buildkit", "victoria-logs", "oras", "syft", "cosign", "trivy", "otel-collector"],
    run: (checkout, match) => onStack(checkout, "docker", match),
  },
  {
    name: "promotion",
    budget: 900,
    prepare: prepareStack,
    run: (checkout, match) => jest(checkout, "promotion", ["--runInBand"], match),
  },
  {
    name: "kubernetes",
    budget: 480,
    prepare: (checkout) => prepareKubernetes(checkout),
    compiles: [...CLUSTER_MODULES, "pulumi-kubernetes", "otel-collector", "trivy"],
    run: (checkout, match) => onCluster(checkout, "kubernetes", match),
  },
  {
    name: "kubernetes-nightly",
    budget: 3000,
    isNightly: true,
    prepare: prepareKubernetesNightly,
    compiles: [...CLUSTER_MODULES, "pulumi-kubernetes", "kube-router", "contour", "keda", "helm", "otel-collector"],
    run: (checkout, match) => onCluster(checkout, "kubernetes-nightly", match),
  },
  {
    name: "browser",
    budget: 30,
    prepare: prepareBrowser,
    run: (checkout, match) => onStack(checkout, "browser", match),
  },
];

/** Starts compiling what the tiers need and this machine lacks, at the lowest priority. Returns how to end it. */
export function compileAhead(checkout: string, tiers: readonly Tier[]): () => void {
  const missing = tiers.flatMap(({ compiles = [] }) => compiles).filter((name) => !fs.existsSync(goModuleFolder(name)));
  if (missing.length === 0) return () => undefined;
  console.log(`compiling ahead, at the lowest priority: ${missing.join(", ")}`);
  const script = path.join(checkout, "tests/support/compile-ahead.ts");
  const loader = ["--require", path.join(checkout, "toolchain/typescript.js")];
  const child = execa("nice", ["-n", "19", process.execPath, ...loader, script, ...missing], {
    cwd: checkout,
    stdio: "ignore",
    reject: false,
  });
  return () => child.kill();
}

/**
 * Tiers, times and budgets, for the end of a run.
 * @param total - seconds of the whole run, in which tiers may go on beside each other.
 */
export function timesTable(results: readonly TierResult[], total: number): string {
  const table = new Table({
    head: ["tier", "passed", "failed", "seconds", "budget", ""],
    style: { head: [], border: [] },
  });
  for (const { tier, passed, failed, seconds, skipped } of results) {
    const budget = TIERS.find(({ name }) => name === tier)?.budget ?? 0;
    const note = skipped !== undefined ? "skipped" : seconds > budget ? "over its budget" : "";
    table.push([tier, passed, failed, seconds.toFixed(0), budget, note]);
  }
  const allowed = TIERS.filter(({ name }) => results.some(({ tier }) => tier === name)).reduce(
    (sum, { budget }) => sum + budget,
    0,
  );
  table.push(["all", "", "", total.toFixed(0), allowed, total > allowed ? "over its budget" : ""]);
  return table.toString();
}

/** The closing line; in CI a tier that could not run is a failure. */
export function summarise(results: readonly TierResult[], inCi: boolean): { line: string; ok: boolean } {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const skipped = results.filter((result) => result.skipped !== undefined).length;
  const failed = results.reduce((sum, result) => sum + result.failed, 0) + (inCi ? skipped : 0);
  return { line: `${passed} passed, ${failed} failed`, ok: failed === 0 && passed > 0 };
}
