/** Whether an image may go on, judged by its evidence alone. What is not proven is refused. */
import {
  ageProblems,
  misconfigurationProblems,
  missingChecks,
  missingPlatforms,
  notMade,
  rightsProblems,
  secretProblems,
  sizeProblems,
  vulnerabilityProblems,
} from "./checks";
import { CHECKS, type Evidence } from "./record";
import type { GateRules } from "./rules";

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
    ...missingPlatforms(Object.keys(evidence.platforms), rules.platforms),
    ...sizeProblems(evidence, rules),
    ...missingChecks(evidence, rules),
    ...(rules.isOwn
      ? [...rightsProblems(evidence), ...misconfigurationProblems(evidence), ...secretProblems(evidence)]
      : []),
    ...vulnerabilityProblems(evidence, rules, now),
  ];
  const optional = CHECKS.filter((name) => !rules.required.includes(name));
  const platforms = Object.entries(evidence.platforms);
  const notChecked = [
    ...optional.flatMap((name) => notMade(evidence, name)),
    ...unlistedPackages(evidence),
    ...platforms.flatMap(([platform, { startSeconds }]) =>
      startSeconds.status === "checked" ? [] : [`start-up time on ${platform}: not checked: ${startSeconds.reason}`],
    ),
  ];
  return { problems, notChecked };
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
