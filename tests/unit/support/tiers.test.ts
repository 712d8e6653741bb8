import { countJest, countJunit, failuresOf, slowest, summarise, timesTable } from "../../support/tiers";

describe("the closing line of a test run", () => {
  const unit = { tier: "unit", passed: 3, failed: 0, seconds: 1 };
  const docker = { tier: "docker", passed: 0, failed: 0, seconds: 0, skipped: "no Docker Engine answers" };

  test("sums the tiers", () => {
    expect(summarise([unit, { ...unit, failed: 2 }], true)).toEqual({ line: "6 passed, 2 failed", ok: false });
  });

  test("counts a skipped tier as a failure in CI and not elsewhere", () => {
    expect(summarise([unit, docker], true)).toEqual({ line: "3 passed, 1 failed", ok: false });
    expect(summarise([unit, docker], false)).toEqual({ line: "3 passed, 0 failed", ok: true });
  });

  test("is not a success when no test ran", () => {
    expect(summarise([], true).ok).toBe(false);
  });
});

describe("the table of times", () => {
  test("names what took longer than its budget, and what did not run", () => {
    const rows = timesTable(
      [
        { tier: "format", passed: 1, failed: 0, seconds: 3 },
        { tier: "docker", passed: 9, failed: 1, seconds: 99_999 },
        { tier: "browser", passed: 0, failed: 0, seconds: 0, skipped: "no Chromium" },
      ],
      50_000,
    ).split("\n");
    const row = (tier: string) => rows.find((line) => line.includes(` ${tier} `)) ?? "";
    expect(row("format")).not.toContain("over");
    expect(row("docker")).toMatch(/9 +│ 1 +│ 99999 .*over its budget/);
    expect(row("browser")).toContain("skipped");
    expect(row("all")).toMatch(/50000 .*over its budget/);
  });
});

describe("the failures of a run", () => {
  test("are told once more with the beginning of their messages, without colours", () => {
    const message = `\u001b[31mExpected: 200\u001b[39m\n${"line\n".repeat(50)}`;
    const passed = { fullName: "a test that passed", duration: 1, failureMessages: [] };
    const failed = { fullName: "a test that failed", duration: 1, failureMessages: [message] };
    const [told = "", ...others] = failuresOf({ testResults: [{ assertionResults: [passed, failed] }] });
    expect(others).toEqual([]);
    expect(told.split("\n").slice(0, 2)).toEqual(["a test that failed", "    Expected: 200"]);
    expect(told.split("\n")).toHaveLength(13);
  });
});

describe("the count of a jest report", () => {
  const report = { numPassedTests: 4, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };

  test("takes a suite that did not load as a failure", () => {
    expect(countJest({ ...report, numRuntimeErrorTestSuites: 1 }, 1)).toEqual({ passed: 4, failed: 1 });
  });

  test("takes a non-zero exit without a failed test as a failure", () => {
    expect(countJest(report, 1)).toEqual({ passed: 4, failed: 1 });
    expect(countJest(report, 0)).toEqual({ passed: 4, failed: 0 });
  });
});

describe("the slowest tests of a jest report", () => {
  test("are those of all files that take ten seconds, longest first; one that did not run has no time", () => {
    const file = (...tests: readonly (readonly [string, number | null])[]) => ({
      assertionResults: tests.map(([fullName, duration]) => ({ fullName, duration })),
    });
    const testResults = [file(["a start", 12_400], ["a look", 9_999]), file(["a fault", 61_000], ["a wish", null])];
    expect(slowest({ testResults })).toEqual(["61 s: a fault", "12 s: a start"]);
  });
});

describe("the count of a JUnit report", () => {
  const report = (attributes: string) => `<testsuites><testsuite name="pytest" ${attributes}></testsuite></testsuites>`;

  test("takes errors and failures as failed and leaves skipped tests out", () => {
    expect(countJunit(report('errors="1" failures="2" skipped="3" tests="10"'), 1)).toEqual({ passed: 4, failed: 3 });
  });

  test("takes a run without a passed test, or with a non-zero exit, as a failure", () => {
    expect(countJunit(report('errors="0" failures="0" skipped="0" tests="0"'), 0)).toEqual({ passed: 0, failed: 1 });
    expect(countJunit(report('errors="0" failures="0" skipped="0" tests="5"'), 2)).toEqual({ passed: 5, failed: 1 });
  });
});
