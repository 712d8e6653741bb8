/** An evidence record for people. */
import Table from "cli-table3";
import {
  CHECKS,
  SEVERITIES,
  type CheckName,
  type Evidence,
  type PlatformEvidence,
} from "../../components/image/evidence/record";
import { vulnerabilityCounts } from "../../components/image/evidence/summary";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const table = (head: readonly string[]) => new Table({ head: [...head], style: { head: [], border: [] } });

const PLATFORM_ROWS: Readonly<Record<string, (entry: PlatformEvidence) => string>> = {
  digest: ({ digest }) => digest.slice(0, 19),
  compressed: ({ compressedBytes }) => megabytes(compressedBytes),
  unpacked: ({ unpackedBytes }) => megabytes(unpackedBytes),
  user: ({ user, nonRoot }) => `${user === "" ? "root" : user}${nonRoot ? "" : " (root)"}`,
  "setuid files": ({ setuidFiles }) => (setuidFiles.length === 0 ? "none" : setuidFiles.join("\n")),
  "start-up": ({ startSeconds }) =>
    startSeconds.status === "checked"
      ? `${startSeconds.seconds.toFixed(2)} s`
      : wrapped(`not checked: ${startSeconds.reason}`, 32),
};

/** What each check found, in a line. */
const RESULTS: { readonly [Name in CheckName]: (check: Extract<Evidence[Name], { status: "checked" }>) => string } = {
  sbom: ({ documents }) =>
    `SPDX, ${Object.entries(documents)
      .map(([platform, { packages }]) => `${packages} packages for ${platform}`)
      .join(", ")}`,
  provenance: ({ attestations }) => {
    const all = Object.values(attestations);
    const builders = [...new Set(all.map(({ builder }) => builder ?? "a builder without a name"))];
    const materials = new Set(all.flatMap((one) => one.materials.map(({ uri }) => uri)));
    return `built by ${builders.join(", ")}; materials: ${materials.size}`;
  },
  misconfiguration: ({ targets, findings }) => `${tally(findings)} in ${targets.join(", ")}`,
  secrets: ({ findings }) => (findings.length === 0 ? "none" : `${findings.length} found`),
  vulnerabilities: ({ databaseAt }) => `database of ${databaseAt.slice(0, 10)}`,
  signature: ({ key }) => `verified, by the key ${key.slice(0, 19)}`,
};

function tally(findings: readonly { readonly severity: string }[]): string {
  const counts = SEVERITIES.map(
    (severity) => [severity, findings.filter((one) => one.severity === severity).length] as const,
  );
  const found = counts.filter(([, count]) => count > 0).map(([severity, count]) => `${count} ${severity}`);
  return found.length === 0 ? "none" : found.join(", ");
}

/** Lines of about so many characters, broken at spaces. */
const wrapped = (text: string, width: number): string =>
  text.replace(new RegExp(`(.{1,${width}})(?: |$)`, "g"), "$1\n").trimEnd();

/** Two tables: what differs by platform, and the checks of the whole image. */
export function evidenceTable(evidence: Evidence): string {
  const entries = Object.entries(evidence.platforms);
  const platforms = table(["", ...entries.map(([platform]) => platform)]);
  for (const [name, show] of Object.entries(PLATFORM_ROWS))
    platforms.push([name, ...entries.map(([, entry]) => show(entry))]);
  const checks = table(["check", "result", "tool"]);
  for (const name of CHECKS) checks.push(row(evidence, name));
  const head = [evidence.image, `built from ${evidence.revision}, looked at on ${evidence.createdAt}`];
  return [...head, platforms.toString(), checks.toString()].join("\n");
}

function row(evidence: Evidence, name: CheckName): [string, string, string] {
  const check = evidence[name];
  if (check.status !== "checked") return [name, wrapped(`not checked: ${check.reason}`, 80), ""];
  const show = RESULTS[name] as (found: typeof check) => string;
  const counts = name === "vulnerabilities" ? vulnerabilityCounts(evidence) : undefined;
  const counted = counts === undefined ? "" : `${describe(counts)}; `;
  return [name, wrapped(`${counted}${show(check)}`, 80), `${check.tool} ${check.toolVersion}`];
}

function describe({ bySeverity, fixable }: NonNullable<ReturnType<typeof vulnerabilityCounts>>): string {
  const found = SEVERITIES.filter((severity) => bySeverity[severity] > 0).map(
    (severity) => `${bySeverity[severity]} ${severity}`,
  );
  return found.length === 0 ? "none known" : `${found.join(", ")} (${fixable} with a remedy)`;
}
