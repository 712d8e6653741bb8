/** The pack as CrossGuard runs it: one policy that judges each resource, one that judges the stack, and the catalogue. */
import { createRequire } from "node:module";
import * as path from "node:path";
import {
  PolicyPack,
  type Policies,
  type PolicyResource,
  type ReportViolation,
  type ResourceValidationArgs,
} from "@pulumi/policy";
import { shownLines, type Outcome } from "../evaluation";
import type { Elsewhere } from "../knowledge/elsewhere";
import { stackKnowledge } from "../knowledge/stack";
import { canonicalType, type Resource } from "../rule";
import { RULES } from "../rules";
import { plainProperties } from "../plain-values";
import { REMEDIATIONS } from "../remediations";
import { REMARK, Session } from "../session";
import { opened as sent, sealed } from "./sent-values";
import { whenConfigured, type StackInformation } from "./stack-information";

/** The folder of the pack. A bundle is below .ralex/policy of its checkout. */
const SOURCES = path.resolve(__dirname, "../../policy");

/** From the sources that lie beside this pack's: see its own comment. */
async function fromSources(): Promise<Elsewhere> {
  const load = createRequire(path.join(SOURCES, "index.js"));
  load("../toolchain/typescript.js");
  return (load("./knowledge/elsewhere.ts") as typeof import("../knowledge/elsewhere")).elsewhere;
}

/** Starts the pack. @param checkout - folder of the repository that has the pack. */
export function start(checkout: string): void {
  let session: Promise<Session> | undefined;
  whenConfigured(({ stack, settings }: StackInformation) => {
    session = stackKnowledge(checkout, stack, settings, fromSources).then((knowledge) => new Session(RULES, knowledge));
    // Told by whatever is judged first.
    session.catch(() => undefined);
  });
  /** @throws Error with what is wrong with the configuration: the engine ends the preview with it. */
  const opened = (): Promise<Session> => {
    if (session === undefined)
      throw new Error("the engine did not say which stack it judges: use Pulumi 3.259 or newer");
    return session;
  };

  const judging: Policies = [
    {
      name: "every-resource",
      description: "Judges each resource by the rules about resources.",
      enforcementLevel: "mandatory",
      validateResource: async (args, say) => {
        const report = reporter(say);
        const own = await opened();
        if (!own.isJudged(args.type)) return;
        for (const outcome of await own.ofResource(declared(args))) report(violation(outcome));
      },
    },
    {
      name: "whole-stack",
      description: "Judges the stack by the rules about its resources together.",
      enforcementLevel: "mandatory",
      validateStack: async ({ resources }, say) => {
        const report = reporter(say);
        const own = await opened();
        const all = resources
          .filter(({ type }) => own.isJudged(type))
          .map((one) => ({ urn: one.urn, read: () => known(one) }));
        for (const outcome of await own.ofStack(all)) report(violation(outcome));
        for (const { level, text } of own.remarks()) {
          report({ name: REMARK, message: text, description: text, enforcementLevel: level });
        }
      },
    },
  ];
  const mending: Policies = REMEDIATIONS.map(({ name, title, rule, types, apply }) => ({
    name,
    description: `${rule}: ${title}.`,
    enforcementLevel: "remediate",
    remediateResource: async ({ type, props }) => {
      const canonical = canonicalType(type);
      if (!types.includes(canonical) || !(await opened()).isRemediating) return undefined;
      const { properties, secrets } = sent(props);
      const mended = apply(canonical, properties);
      return mended === undefined ? undefined : sealed(mended, secrets);
    },
  }));
  new PolicyPack("ralex", { policies: [...mending, ...judging, ...catalogue()], enforcementLevel: "mandatory" });
}

/** For whoever asks the pack what it has. Each is judged by one of the two policies, which read a resource once. */
const catalogue = (): Policies =>
  RULES.map(({ name, id, title, level, severity }) => ({
    name,
    description: `${id}: ${title}.`,
    enforcementLevel: level.promoted === "off" ? "disabled" : level.promoted,
    severity,
  })) as unknown as Policies;

/** Of a resource that is being declared; its inputs. */
const declared = ({ type, name, urn, props, opts, provider }: ResourceValidationArgs): Resource => ({
  ...{ type, name, urn },
  properties: plainProperties(props),
  options: { protect: opts.protect, ...namespaceIn(provider?.props) },
});

/** Of a resource of the whole stack. */
function known(resource: PolicyResource): Resource {
  const { type, name, urn, props, opts, provider, propertyDependencies } = resource;
  return {
    ...{ type, name, urn },
    properties: plainProperties(props),
    options: { protect: opts.protect, ...namespaceIn(provider?.props) },
    dependencies: Object.fromEntries(
      Object.entries(propertyDependencies).map(([property, sources]) => [property, sources.map(bare)]),
    ),
  };
}

/** What a dependency is, without what it depends on itself. */
const bare = ({ type, name, urn, props, opts }: PolicyResource): Resource => ({
  ...{ type, name, urn },
  properties: plainProperties(props),
  options: { protect: opts.protect },
});

/** Where a Kubernetes provider puts objects that name no namespace. */
function namespaceIn(provider: unknown): Pick<Resource["options"], "namespace"> {
  const { namespace } = provider === undefined ? {} : plainProperties(provider);
  return typeof namespace === "string" ? { namespace } : {};
}

/** A violation with a name, a level and a severity of its own. */
interface Report {
  readonly name: string;
  readonly description: string;
  readonly message: string;
  readonly urn?: string;
  readonly enforcementLevel: "mandatory" | "advisory";
  readonly severity?: Outcome["rule"]["severity"];
}

/** The SDK takes one in place of a text; its types do not say so. Source: @pulumi/policy, server.js, makeReportViolationFun. */
const reporter = (say: ReportViolation): ((report: Report) => void) => say as unknown as (report: Report) => void;

const violation = (outcome: Outcome): Report => ({
  name: outcome.rule.name,
  description: outcome.rule.title,
  message: shownLines(outcome).join("\n"),
  urn: outcome.finding.urn,
  enforcementLevel: outcome.level,
  severity: outcome.rule.severity,
});
