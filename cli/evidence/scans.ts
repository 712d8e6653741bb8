/** Trivy's scans: the Dockerfile's and the image's configuration, secrets, known vulnerabilities. */
import * as fs from "node:fs";
import * as path from "node:path";
import { notChecked, type Evidence, type Findings } from "../../components/image/evidence/record";
import { progress } from "../../toolchain/progress";
import { foundBy, type Subject } from "./subject";
import { evidenceTool, reasonFor, runTool, type EvidenceTool } from "./tools";
import {
  misconfigurationsIn,
  operatingSystemIn,
  readReport,
  secretsIn,
  vulnerabilitiesIn,
  type TrivyReport,
} from "./trivy-report";
import { vulnerabilityDatabase, type VulnerabilityDatabase } from "./vulnerability-database";

/** Dockerfiles of Ralex's own images; of any other image there is its configuration alone. */
const DOCKERFILES: Readonly<Record<string, string>> = {
  "ralex-api": "images/ralex-api/Dockerfile",
  "ralex-api-dev": "images/ralex-api/Dockerfile",
  probe: "images/probe/Dockerfile",
};

/** No network for the rules, and nothing kept between scans: two scans at once would wait for each other. */
const COMMON = ["--format", "json", "--quiet"] as const;

type Scans = Pick<Findings, "misconfiguration" | "secrets" | "vulnerabilities">;

/** A tool that cannot be had, or that fails, leaves all three "not checked" with the reason. */
export async function scan(subject: Subject): Promise<Scans> {
  try {
    const trivy = await evidenceTool("trivy");
    const database = await vulnerabilityDatabase(trivy);
    const known = "folder" in database ? database : undefined;
    const reports: Record<string, TrivyReport> = {};
    for (const [platform, digest] of Object.entries(subject.platforms)) {
      reports[platform] = await progress.step(`scanning ${subject.name} for ${platform}`, undefined, () =>
        scanImage(trivy, subject, digest, known),
      );
    }
    return {
      misconfiguration: await misconfiguration(trivy, subject, reports),
      secrets: {
        ...foundBy(trivy),
        findings: Object.entries(reports).flatMap(([platform, report]) => secretsIn(report, platform)),
      },
      vulnerabilities: "folder" in database ? vulnerabilities(trivy, database, reports) : database,
    };
  } catch (error) {
    const reason = notChecked(reasonFor(error));
    return { misconfiguration: reason, secrets: reason, vulnerabilities: reason };
  }
}

async function scanImage(
  trivy: EvidenceTool,
  { repository, scratch }: Subject,
  digest: string,
  database: VulnerabilityDatabase | undefined,
): Promise<TrivyReport> {
  const scanners = database === undefined ? "secret" : "secret,vuln";
  const known =
    database === undefined ? [] : ["--cache-dir", database.folder, "--skip-db-update", "--skip-java-db-update"];
  const args = [
    ...["image", ...COMMON, "--image-src", "remote", "--cache-backend", "memory", "--scanners", scanners],
    ...["--image-config-scanners", "misconfig,secret", "--skip-check-update", "--timeout", "15m", ...known],
    repository.at(digest),
  ];
  return readReport(await runTool(trivy, args, { cwd: scratch }));
}

async function misconfiguration(
  trivy: EvidenceTool,
  { checkout, name, scratch }: Subject,
  reports: Readonly<Record<string, TrivyReport>>,
): Promise<Evidence["misconfiguration"]> {
  const targets = Object.keys(reports);
  const findings = Object.entries(reports).flatMap(([platform, report]) => misconfigurationsIn(report, platform));
  const dockerfile = DOCKERFILES[name];
  if (dockerfile !== undefined && fs.existsSync(path.join(checkout, dockerfile))) {
    const args = ["config", ...COMMON, "--skip-check-update", path.join(checkout, dockerfile)];
    const report = readReport(await runTool(trivy, args, { cwd: scratch }));
    targets.unshift(dockerfile);
    findings.unshift(...misconfigurationsIn(report, dockerfile));
  }
  return { ...foundBy(trivy), targets, findings };
}

function vulnerabilities(
  trivy: EvidenceTool,
  database: VulnerabilityDatabase,
  reports: Readonly<Record<string, TrivyReport>>,
): Evidence["vulnerabilities"] {
  const entries = Object.entries(reports);
  return {
    ...foundBy(trivy),
    databaseAt: database.at,
    operatingSystems: Object.fromEntries(entries.map(([platform, report]) => [platform, operatingSystemIn(report)])),
    findings: entries.flatMap(([platform, report]) => vulnerabilitiesIn(report, platform)),
  };
}
