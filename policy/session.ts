/** One run of the pack: what it has seen of the stack, and what it says of it. */
import type { Exception } from "./configuration";
import { evaluate, exceptionProblems, type Outcome } from "./evaluation";
import type { StackKnowledge } from "./knowledge/stack";
import { canonicalType, type Resource, type ResourceRule, type Rule, type StackRule } from "./rule";

/** Name under which a remark is reported, where each finding has that of its rule. */
export const REMARK = "policy-pack-configuration";

/** A sentence about the run as a whole. */
export interface Remark {
  readonly level: "mandatory" | "advisory";
  readonly text: string;
}

/** A resource of the whole stack. */
export interface Declared {
  readonly urn: string;
  /** With what its properties were made of. */
  readonly read: () => Resource;
}

export class Session {
  private readonly resourceRules: readonly ResourceRule[];
  private readonly stackRules: readonly StackRule[];
  private readonly judged: ReadonlySet<string>;
  /** As they were declared, by URN. */
  private readonly seen = new Map<string, Resource>();
  /** URNs of what could not be decided by itself. */
  private readonly undecided = new Set<string>();
  private readonly used = new Set<Exception>();

  constructor(
    private readonly rules: readonly Rule[],
    private readonly knowledge: StackKnowledge,
  ) {
    this.resourceRules = rules.filter((rule) => rule.scope === "resource");
    this.stackRules = rules.filter((rule) => rule.scope === "stack");
    this.judged = new Set(rules.flatMap(({ types }) => types));
  }

  /** Whether some rule judges resources of a type. */
  isJudged(type: string): boolean {
    return this.judged.has(canonicalType(type));
  }

  /** Whether the run may mend what it judges. */
  get isRemediating(): boolean {
    const { configuration, isPromoted } = this.knowledge.context;
    return configuration.remediate && !isPromoted;
  }

  /** What can be said of a resource by itself. What cannot be decided is said with {@link ofStack}. */
  async ofResource(resource: Resource): Promise<readonly Outcome[]> {
    this.seen.set(resource.urn, resource);
    const outcomes = await this.evaluated(this.resourceRules, [resource]);
    const decided = outcomes.filter(({ finding }) => finding.isUndecided !== true);
    if (decided.length < outcomes.length) this.undecided.add(resource.urn);
    return decided;
  }

  /**
   * What can be said once every resource is declared.
   * @param declared - every judged resource of the stack; it is read where what was declared does not do.
   */
  async ofStack(declared: readonly Declared[]): Promise<readonly Outcome[]> {
    // Inputs, as they were declared: a preview makes up what a provider would put out.
    const resources = declared.map(({ urn, read }) => {
      const seen = this.seen.get(urn);
      if (seen !== undefined && !this.undecided.has(urn)) return seen;
      return { ...read(), ...pick(seen) };
    });
    const open = resources.filter(({ urn }) => this.undecided.has(urn) || !this.seen.has(urn));
    const again = await this.evaluated(this.resourceRules, open);
    // What was decided of a resource when it was declared has been said.
    const rest = again.filter(({ finding }) => finding.isUndecided === true || !this.seen.has(finding.urn));
    return [...rest, ...(await this.evaluated(this.stackRules, resources))];
  }

  /** Everything that can be said of resources of which nothing is about to change. */
  ofWhole(resources: readonly Resource[]): Promise<readonly Outcome[]> {
    return this.evaluated(this.rules, resources);
  }

  /** What has to be said of the run, after {@link ofStack}. */
  remarks(): readonly Remark[] {
    const { context } = this.knowledge;
    const ids = new Set(this.rules.map(({ id }) => id));
    const problems = exceptionProblems(context, ids, this.used);
    return [
      ...problems.map((text) => ({ level: "mandatory" as const, text })),
      ...(context.configuration.remediate && context.isPromoted
        ? [{ level: "mandatory" as const, text: NOT_HERE }]
        : []),
      ...(context.configuration.vulnerabilityEvidence === "unavailable"
        ? [{ level: "advisory" as const, text: UNAVAILABLE }]
        : []),
    ];
  }

  private async evaluated(rules: readonly Rule[], resources: readonly Resource[]): Promise<readonly Outcome[]> {
    const { context, circumstances, gather } = this.knowledge;
    await gather(resources);
    const outcomes = evaluate(rules, resources, context, circumstances);
    for (const { exception } of outcomes) if (exception !== undefined) this.used.add(exception);
    return outcomes;
  }
}

export const UNAVAILABLE =
  "vulnerabilities of images are not checked: the pack's configuration says that no database of them is reachable " +
  "(vulnerabilityEvidence: unavailable)";

const NOT_HERE =
  "the pack's configuration says remediate, and releases are promoted to this environment: what runs here has to be what " +
  "was reviewed. Remove remediate, and mend the program";

const pick = (seen: Resource | undefined): Partial<Resource> =>
  seen === undefined ? {} : { properties: seen.properties, options: seen.options };
