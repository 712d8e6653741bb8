/** What a report of Trivy says, in the record's words. Nothing here runs anything. */
import { z } from "zod";
import {
  SEVERITIES,
  type Misconfiguration,
  type Secret,
  type Severity,
  type Vulnerability,
} from "../../components/image/evidence/record";
import { readAs } from "./tools";

const RESULT = z.looseObject({
  Target: z.string().default(""),
  Class: z.string().default(""),
  Misconfigurations: z
    .array(
      z.looseObject({ ID: z.string(), Title: z.string(), Severity: z.string(), Status: z.string().default("FAIL") }),
    )
    .nullish(),
  Secrets: z
    .array(z.looseObject({ RuleID: z.string(), Severity: z.string(), StartLine: z.int().default(0) }))
    .nullish(),
  Vulnerabilities: z
    .array(
      z.looseObject({
        VulnerabilityID: z.string(),
        PkgName: z.string(),
        InstalledVersion: z.string().default(""),
        FixedVersion: z.string().default(""),
        Severity: z.string().default("UNKNOWN"),
      }),
    )
    .nullish(),
});
const REPORT = z.looseObject({
  SchemaVersion: z.literal(2),
  Metadata: z.looseObject({ OS: z.looseObject({ Family: z.string(), Name: z.string() }).nullish() }).nullish(),
  Results: z.array(RESULT).nullish(),
});

export type TrivyReport = z.infer<typeof REPORT>;

/** @throws ToolError when it is no report of a version that is known here */
export const readReport = (text: string): TrivyReport => readAs(REPORT, text, "Trivy's report");

const resultsOf = (report: TrivyReport) => report.Results ?? [];

/** A severity that is new to us is unknown, not harmless. */
export const severityOf = (text: string): Severity => SEVERITIES.find((one) => one === text.toLowerCase()) ?? "unknown";

/** The distribution that the image's packages are of, `debian 12.5`; `null` where none is recognised. */
export function operatingSystemIn({ Metadata }: TrivyReport): string | null {
  const system = Metadata?.OS;
  return system === undefined || system === null ? null : `${system.Family} ${system.Name}`;
}

/** @param target - names what was looked at, in place of a temporary path */
export const misconfigurationsIn = (report: TrivyReport, target: string): Misconfiguration[] =>
  resultsOf(report).flatMap(({ Misconfigurations }) =>
    (Misconfigurations ?? [])
      .filter(({ Status }) => Status === "FAIL")
      .map(({ ID, Title, Severity }) => ({ id: ID, title: Title, severity: severityOf(Severity), target })),
  );

/** Where secrets are. The report's excerpts stay behind. */
export const secretsIn = (report: TrivyReport, platform: string): Secret[] =>
  resultsOf(report).flatMap(({ Target, Secrets }) =>
    (Secrets ?? []).map(({ RuleID, Severity, StartLine }) => ({
      rule: RuleID,
      severity: severityOf(Severity),
      target: Target,
      line: StartLine,
      platform,
    })),
  );

export const vulnerabilitiesIn = (report: TrivyReport, platform: string): Vulnerability[] =>
  resultsOf(report).flatMap(({ Vulnerabilities }) =>
    (Vulnerabilities ?? []).map((one) => ({
      id: one.VulnerabilityID,
      severity: severityOf(one.Severity),
      package: one.PkgName,
      installed: one.InstalledVersion,
      fixed: one.FixedVersion === "" ? null : one.FixedVersion,
      platform,
    })),
  );
