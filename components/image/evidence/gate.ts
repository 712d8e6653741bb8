/** Whether an image may go on, judged by its evidence alone. What is not proven is refused. */
import { PLATFORMS } from "../platforms";
import type { ReleaseImage } from "../releases";
import { isOwn } from "../third-party";
import { CHECKS, type CheckName, type Evidence, type Severity, type Vulnerability } from "./record";

/** A vulnerability that is let through until a day, for a reason. */
export interface VulnerabilityException {
  readonly id: string;
  readonly reason: string;
  /** ISO 8601; from then on it counts again. */
  readonly expires: string;
}

export interface GateRules {
  /** Platforms that the image has to have. */
  readonly platforms: readonly string[];
  /** Whether we build it: then its user, its files and its configuration are ours to mend. */
  readonly isOwn: boolean;
  /** Most that one platform may take, in bytes. */
  readonly compressedBytes?: number;
  readonly unpackedBytes: number;
  /** Checks that have to have been made. */
  readonly required: readonly CheckName[];
  /** Vulnerabilities with a remedy that are let through, by severity. */
  readonly fixable: { readonly critical: number; readonly high: number };
  readonly exceptions: readonly VulnerabilityException[];
  /** Oldest evidence that is still believed, in days. */
  readonly mostDays?: number;
}

/** Rule IMG-04: unpacked 500 MB for what runs in prod, 800 MB for development; compressed where a goal is set. */
const BUDGETS: Readonly<Record<string, Pick<GateRules, "compressedBytes" | "unpackedBytes">>> = {
  "ralex-api": { compressedBytes: 60e6, unpackedBytes: 500e6 },
  "ralex-api-dev": { unpackedBytes: 800e6 },
};

/**
 * The rules for one of Ralex's own images. Vulnerabilities and provenance are judged where they are there: a machine
 * without a database cannot demand the one, nor a builder that attests nothing (the official docker-build provider) the
 * other. A pipeline adds them to `required`.
 */
export const rulesFor = (name: string): GateRules => ({
  platforms: PLATFORMS,
  isOwn: true,
  ...(BUDGETS[name] ?? { unpackedBytes: 500e6 }),
  required: ["sbom", "misconfiguration", "secrets", "signature"],
  fixable: { critical: 0, high: 0 },
  exceptions: [],
});

const MIB = 1024 * 1024;

/**
 * The rules for a third-party image: its budget in the lock, and no critical vulnerability that its publisher has a
 * remedy for. Its user and its files are its publisher's; Ralex starts it as a user of its own, without capabilities.
 */
const rulesForThirdParty = ({ platforms, thirdParty }: ReleaseImage): GateRules => ({
  platforms,
  isOwn: false,
  unpackedBytes: (thirdParty?.sizeBudgetMiB ?? 0) * MIB,
  required: ["sbom"],
  fixable: { critical: 0, high: Number.POSITIVE_INFINITY },
  exceptions: [],
});

/** The rules for an image of a release. */
export const rulesOf = (name: string, image: ReleaseImage): GateRules =>
  isOwn(image) ? rulesFor(name) : rulesForThirdParty(image);

export interface Verdict {
  /** Why the image is refused, a sentence each with what to do; empty when it may go on. */
  readonly problems: readonly string[];
  /** What nobody looked at, and the rules do not demand. */
  readonly notChecked: readonly string[];
}

/** Judges an image by its evidence; none is refused. */
export function gate(evidence: Evidence | undefined, rules: GateRules, now: Date = new Date()): Verdict {
  if (evidence === undefined) {
    return { problems: ["there is no evidence of it: run ./ralex evidence <image> --collect"], notChecked: [] };
  }
  const problems = [
    ...ageProblems(evidence, rules, now),
    ...platformProblems(evidence, rules),
    ...missingChecks(evidence, rules),
    ...(rules.isOwn ? [...misconfigurationProblems(evidence), ...secretProblems(evidence)] : []),
    ...vulnerabilityProblems(evidence, rules, now),
  ];
  const optional = CHECKS.filter((name) => !rules.required.includes(name));
  const platforms = Object.entries(evidence.platforms);
  const notChecked = [
    ...optional.flatMap((name) => reasonOf(evidence, name)),
    ...unlistedPackages(evidence),
    ...platforms.flatMap(([platform, { startSeconds }]) =>
      startSeconds.status === "checked" ? [] : [`start-up time on ${platform}: not checked: ${startSeconds.reason}`],
    ),
  ];
  return { problems, notChecked };
}

function reasonOf(evidence: Evidence, name: CheckName): string[] {
  const check = evidence[name];
  return check.status === "checked" ? [] : [`${name}: not checked: ${check.reason}`];
}

function unlistedPackages({ vulnerabilities }: Evidence): string[] {
  if (vulnerabilities.status !== "checked") return [];
  return Object.entries(vulnerabilities.operatingSystems)
    .filter(([, system]) => system === null)
    .map(
      ([platform]) =>
        `vulnerabilities of the distribution's packages on ${platform}: not checked: the image lists none`,
    );
}

function missingChecks(evidence: Evidence, rules: GateRules): string[] {
  const remedies: Partial<Record<CheckName, string>> = {
    signature: "sign it: ./ralex evidence <image> --collect",
    provenance: "build it with provenance, as ./ralex build does",
  };
  return rules.required.flatMap((name) =>
    reasonOf(evidence, name).map(
      (reason) =>
        `${reason}, and the rules demand it; ${remedies[name] ?? "make the check: ./ralex evidence <image> --collect"}`,
    ),
  );
}

function ageProblems({ createdAt }: Evidence, { mostDays }: GateRules, now: Date): string[] {
  if (mostDays === undefined) return [];
  const days = (now.getTime() - Date.parse(createdAt)) / 86_400_000;
  if (days <= mostDays) return [];
  return [
    `its evidence is ${Math.floor(days)} days old, allowed are ${mostDays}: run ./ralex evidence <image> --collect`,
  ];
}

function platformProblems({ platforms }: Evidence, rules: GateRules): string[] {
  const missing = rules.platforms.filter((platform) => platforms[platform] === undefined);
  const found = Object.entries(platforms).flatMap(([platform, entry]) => [
    ...overBudget(platform, "compressed", entry.compressedBytes, rules.compressedBytes, rules),
    ...overBudget(platform, "unpacked", entry.unpackedBytes, rules.unpackedBytes, rules),
    ...(entry.nonRoot || !rules.isOwn
      ? []
      : [`${platform}: it runs as ${entry.user === "" ? "root" : entry.user}; set USER to a number that is not 0`]),
    ...(entry.setuidFiles.length === 0 || !rules.isOwn
      ? []
      : [`${platform}: setuid or setgid is set on ${entry.setuidFiles.join(", ")}; remove the files or clear the bit`]),
  ]);
  return [
    ...missing.map((platform) => `it is not for ${platform}: build it for ${rules.platforms.join(" and ")}`),
    ...found,
  ];
}

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

function misconfigurationProblems({ misconfiguration }: Evidence): string[] {
  if (misconfiguration.status !== "checked") return [];
  return misconfiguration.findings
    .filter(isSevere)
    .map(({ id, title, target, severity }) => `${target}: ${title} (${id}, ${severity}); change the Dockerfile`);
}

function secretProblems({ secrets }: Evidence): string[] {
  if (secrets.status !== "checked") return [];
  return secrets.findings.map(
    ({ rule, target, line, platform }) =>
      `${platform}: ${target}${line > 0 ? ` line ${line}` : ""} holds a secret (${rule}); ` +
      "withdraw that secret, build without it and mount what a build needs (RUN --mount=type=secret)",
  );
}

function vulnerabilityProblems({ vulnerabilities }: Evidence, rules: GateRules, now: Date): string[] {
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
