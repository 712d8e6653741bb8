/** From findings to what they mean: their level in the environment, exceptions, and what was known before. */
import type { Exception } from "./configuration";
import { judge, type Context, type Finding, type Level, type Resource, type Rule } from "./rule";

/** A finding with what it means. */
export interface Outcome {
  readonly rule: Rule;
  readonly finding: Finding;
  readonly level: Exclude<Level, "off">;
  /** Why it counts for less than the rule says. */
  readonly note?: string;
  readonly exception?: Exception;
}

/** What bears on the meaning of a finding, besides the rule. */
export interface Circumstances {
  /** Whether what cannot be decided closes the gate, for rules that say so. */
  readonly failOnUndecided: boolean;
  /** {@link keyOf} of what the running release has too: shown, and not fatal. */
  readonly known: ReadonlySet<string>;
}

/** What names a finding in two judgements of the same stack. */
export const keyOf = (rule: Pick<Rule, "id">, { urn, path }: Finding): string => [rule.id, urn, path].join(" ");

/** The findings of rules about resources, each with its level; those of a rule that is off are left out. */
export const evaluate = (
  rules: readonly Rule[],
  resources: readonly Resource[],
  context: Context,
  circumstances: Circumstances,
): readonly Outcome[] =>
  rules.flatMap((rule) => {
    const level = rule.level[context.isPromoted ? "promoted" : "development"];
    if (level === "off") return [];
    return judge(rule, resources, context).map((finding) => outcomeOf(rule, finding, level, context, circumstances));
  });

function outcomeOf(
  rule: Rule,
  finding: Finding,
  level: Exclude<Level, "off">,
  { configuration, now }: Context,
  { failOnUndecided, known }: Circumstances,
): Outcome {
  const exception = configuration.exceptions.find((one) => isInForce(one, now) && covers(one, rule, finding));
  if (exception !== undefined) {
    const { reason, owner, expires } = exception;
    return { rule, finding, level: "advisory", exception, note: `excepted until ${expires} by ${owner}: ${reason}` };
  }
  if (known.has(keyOf(rule, finding))) {
    return { rule, finding, level: "advisory", note: "the release that runs has it too" };
  }
  if (finding.isUndecided !== true) return { rule, finding, level };
  const isFatal = rule.onUnknown === "fail" && failOnUndecided;
  return { rule, finding, level: isFatal ? level : "advisory", note: UNDECIDED };
}

const UNDECIDED = "the value is known during the update only, so this cannot be decided before";

const isInForce = ({ expires }: Exception, now: Date): boolean => Date.parse(expires) > now.getTime();

const covers = ({ rule, urn }: Exception, { id }: Pick<Rule, "id">, finding: Finding): boolean =>
  rule === id && patternOf(urn).test(finding.urn);

/** A pattern in which only `*` has a meaning. */
const patternOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );

/** What is wrong with exceptions themselves, a sentence each: one that has expired, and one that excepts nothing. */
export const exceptionProblems = (
  { configuration, now }: Context,
  ruleIds: ReadonlySet<string>,
  used: ReadonlySet<Exception>,
): readonly string[] =>
  configuration.exceptions.flatMap((exception) => {
    const { rule, urn, owner, expires } = exception;
    const which = `the exception of ${rule} for ${urn} (${owner})`;
    if (!ruleIds.has(rule)) return [`${which} is of no rule: ./ralex policy list has them`];
    if (!isInForce(exception, now)) return [`${which} expired on ${expires}: mend what it excepts, or renew it`];
    return used.has(exception) ? [] : [`${which} excepts nothing: remove it`];
  });

/** A finding as people read it, in lines. */
export function shownLines({ rule, finding, note }: Outcome): readonly string[] {
  return [
    `${rule.id}: ${finding.path === "" ? "" : `${finding.path}: `}${finding.message}`,
    ...(note === undefined ? [] : [`note: ${note}`]),
    `fix: ${rule.fix}`,
    `why: ${rule.reason.source} (${rule.reason.link})`,
  ];
}
