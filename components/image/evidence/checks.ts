/** The single checks of an image's evidence: each says what it holds against the image, a sentence each with what to do. */
import type { CheckName, Evidence, Severity, Vulnerability } from "./record";
import type { GateRules } from "./rules";

/** Why a check was not made; nothing where it was. */
export function notMade(evidence: Evidence, name: CheckName): string[] {
  const check = evidence[name];
  return check.status === "checked" ? [] : [`${name}: not checked: ${check.reason}`];
}

/** Checks that the rules demand and nobody has made. */
export function missingChecks(evidence: Evidence, rules: GateRules): string[] {
  const remedies: Partial<Record<CheckName, string>> = {
    signature: "sign it: ./ralex evidence <image> --collect",
    provenance: "build it with provenance, as ./ralex build does",
  };
  return rules.required.flatMap((name) =>
    notMade(evidence, name).map(
      (reason) =>
        `${reason}, and the rules demand it; ${remedies[name] ?? "make the check: ./ralex evidence <image> --collect"}`,
    ),
  );
}

/** Evidence that is older than the rules believe. */
export function ageProblems({ createdAt }: Evidence, { mostDays }: GateRules, now: Date): string[] {
  if (mostDays === undefined) return [];
  const days = (now.getTime() - Date.parse(createdAt)) / 86_400_000;
  if (days <= mostDays) return [];
  return [
    `its evidence is ${Math.floor(days)} days old, allowed are ${mostDays}: run ./ralex evidence <image> --collect`,
  ];
}

/** Platforms that are demanded and not there. */
export const missingPlatforms = (there: readonly string[], demanded: readonly string[]): string[] =>
  demanded
    .filter((platform) => !there.includes(platform))
    .map((platform) => `it is not for ${platform}: build it for ${demanded.join(" and ")}`);

/** Platforms on which the image takes more than its budget. */
export const sizeProblems = ({ platforms }: Evidence, rules: GateRules): string[] =>
  Object.entries(platforms).flatMap(([platform, entry]) => [
    ...overBudget(platform, "compressed", entry.compressedBytes, rules.compressedBytes, rules),
    ...overBudget(platform, "unpacked", entry.unpackedBytes, rules.unpackedBytes, rules),
  ]);

/** Platforms on which the image runs as root, or has files that do. */
export const rightsProblems = ({ platforms }: Evidence): string[] =>
  Object.entries(platforms).flatMap(([platform, entry]) => [
    ...(entry.nonRoot
      ? []
      : [`${platform}: it runs as ${entry.user === "" ? "root" : entry.user}; set USER to a number that is not 0`]),
    ...(entry.setuidFiles.length === 0
      ? []
      : [`${platform}: setuid or setgid is set on ${entry.setuidFiles.join(", ")}; remove the files or clear the bit`]),
  ]);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function overBudget(
  platform: string,
  what: string,
  bytes: number,
  budget: number | undefined,
  { isOwn }: GateRules,
): string[] {
  if (budget === undefined || bytes <= budget) return [];
  const sizes = `${megabytes(bytes)} ${what}, allowed are ${megabytes(budget)}`;
  const remedy = isOwn
    ? "leave out what it does not need, in a stage of its own"
    : "take a smaller one, or budget for it";
  return [`${platform}: it takes ${sizes}; ${remedy}`];
}

const isSevere = ({ severity }: { readonly severity: Severity }): boolean =>
  severity === "critical" || severity === "high";

/** Severe faults of the Dockerfile and of the image's configuration. */
export function misconfigurationProblems({ misconfiguration }: Evidence): string[] {
  if (misconfiguration.status !== "checked") return [];
  return misconfiguration.findings
    .filter(isSevere)
    .map(({ id, title, target, severity }) => `${target}: ${title} (${id}, ${severity}); change the Dockerfile`);
}

/** Secrets in the image's files. */
export function secretProblems({ secrets }: Evidence): string[] {
  if (secrets.status !== "checked") return [];
  return secrets.findings.map(
    ({ rule, target, line, platform }) =>
      `${platform}: ${target}${line > 0 ? ` line ${line}` : ""} holds a secret (${rule}); ` +
      "withdraw that secret, build without it and mount what a build needs (RUN --mount=type=secret)",
  );
}

/** Severe vulnerabilities that have a remedy, are more than allowed and not excepted. */
export function vulnerabilityProblems({ vulnerabilities }: Evidence, rules: GateRules, now: Date): string[] {
  if (vulnerabilities.status !== "checked") return [];
  const excepted = new Set(
    rules.exceptions.filter(({ expires }) => Date.parse(expires) > now.getTime()).map(({ id }) => id),
  );
  const counted = vulnerabilities.findings.filter(({ id, fixed }) => fixed !== null && !excepted.has(id));
  return (["critical", "high"] as const).flatMap((severity) => {
    const found = counted.filter((one) => one.severity === severity);
    const ids = new Set(found.map(({ id, package: name }) => `${id} ${name}`));
    if (ids.size <= rules.fixable[severity]) return [];
    return [
      `${severity} vulnerabilities with a remedy: ${ids.size}, allowed are ${rules.fixable[severity]}; ` +
        `move to the fixed versions: ${describe(found)}`,
    ];
  });
}

/** The first few of a list of vulnerabilities, each with the version that mends it. */
function describe(found: readonly Vulnerability[]): string {
  const texts = [...new Set(found.map((one) => `${one.id} ${one.package} ${one.installed} -> ${one.fixed}`))];
  return texts.length > 5 ? `${texts.slice(0, 5).join(", ")} and ${texts.length - 5} more` : texts.join(", ");
}
