/** Trivy's reports in the record's words, and the record for people. */
import * as fs from "node:fs";
import * as path from "node:path";
import { evidenceTable } from "../../../cli/evidence/table";
import { ToolError } from "../../../cli/evidence/tools";
import {
  misconfigurationsIn,
  operatingSystemIn,
  readReport,
  secretsIn,
  severityOf,
  vulnerabilitiesIn,
} from "../../../cli/evidence/trivy-report";
import { gate, rulesFor } from "../../../components/image/evidence";
import { sealed } from "../image/evidence-sample";

const report = (name: string) => readReport(fs.readFileSync(path.join(__dirname, "evidence-reports", name), "utf8"));

describe("a report of Trivy", () => {
  test("of an image with a secret gives the place, and nothing of what is there", () => {
    const recorded = report("trivy-image.json");
    const secrets = secretsIn(recorded, "linux/amd64");
    expect(secrets).toEqual([
      {
        ...{ rule: "aws-access-key-id", severity: "critical", target: "/app/settings.env", line: 1 },
        platform: "linux/amd64",
      },
    ]);
    expect(misconfigurationsIn(recorded, "linux/amd64")).toContainEqual(
      expect.objectContaining({ id: "DS-0002", severity: "high", target: "linux/amd64" }),
    );
    expect(operatingSystemIn(recorded)).toBeNull();
  });

  test("of a Dockerfile names the Dockerfile", () => {
    const found = misconfigurationsIn(report("trivy-config.json"), "images/ralex-api/Dockerfile");
    expect(found.filter(({ target }) => target !== "images/ralex-api/Dockerfile")).toEqual([]);
    expect(found.filter(({ severity }) => severity === "high" || severity === "critical")).toEqual([]);
  });

  test("of vulnerabilities goes through the gate as it says", () => {
    const recorded = report("trivy-vulnerabilities.json");
    expect(operatingSystemIn(recorded)).toBe("debian 12.5");
    const findings = vulnerabilitiesIn(recorded, "linux/amd64");
    expect(findings.map(({ id, severity, fixed }) => [id, severity, fixed])).toEqual([
      ["CVE-2024-5535", "critical", "3.0.14-1~deb12u1"],
      ["CVE-2023-45853", "critical", null],
      ["CVE-2024-6345", "high", "70.0.0"],
      ["CVE-2011-3374", "low", null],
    ]);
    const evidence = sealed();
    const vulnerabilities = { ...evidence.vulnerabilities, findings } as typeof evidence.vulnerabilities;
    expect(gate({ ...evidence, vulnerabilities }, rulesFor("ralex-api")).problems).toEqual([
      "critical vulnerabilities with a remedy: 1, allowed are 0; move to the fixed versions: CVE-2024-5535 openssl 3.0.11-1~deb12u2 -> 3.0.14-1~deb12u1",
      "high vulnerabilities with a remedy: 1, allowed are 0; move to the fixed versions: CVE-2024-6345 setuptools 65.5.1 -> 70.0.0",
    ]);
  });

  test("that is none, or of another version, is an error", () => {
    expect(() => readReport("no report")).toThrow(ToolError);
    expect(() => readReport(JSON.stringify({ SchemaVersion: 3, Results: [] }))).toThrow("SchemaVersion");
    expect(severityOf("NEGLIGIBLE")).toBe("unknown");
  });
});

test("a record for people says what was not checked, and why", () => {
  const evidence = sealed();
  const text = evidenceTable({ ...evidence, vulnerabilities: { status: "not checked", reason: "no database" } });
  expect(text).toContain("not checked: no database");
  expect(text).toContain("no native machine");
  expect(text).toMatch(/compressed\s+│ 35\.0 MB\s+│ 35\.0 MB/);
});
