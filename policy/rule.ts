/** What a rule is: plain data and a pure function. Nothing here knows an engine, a file or a network. */
import type { Configuration } from "./configuration";
import type { ImageFacts } from "./images";
import { Value } from "./value";

/** A resource as a rule sees it, from a preview, a state or a file. */
export interface Resource {
  /** Pulumi's type token, canonical (`kubernetes:apps/v1:Deployment`); a Compose service is `compose:index:Service`. */
  readonly type: string;
  readonly name: string;
  /** Of a resource from a file: its place there, `docker-compose.yml#services.api`. */
  readonly urn: string;
  /** JSON values, UNKNOWN and HIDDEN at any depth. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly options: ResourceOptions;
  /** What a property's value was made of, by the property's name; where it is told, which is once all are declared. */
  readonly dependencies?: Readonly<Record<string, readonly Resource[]>>;
}

export interface ResourceOptions {
  readonly protect?: boolean;
  /** undefined where the engine does not tell. */
  readonly retainOnDelete?: boolean;
  /** Namespace that the Kubernetes provider of the resource puts objects into which name none. */
  readonly namespace?: string;
  /** URN of the parent; what a file has has none. */
  readonly parent?: string;
}

/** What a rule found in a resource. */
export interface Finding {
  readonly urn: string;
  /** From the resource's properties, `spec.template.spec.containers[0].image`; empty for the resource as a whole. */
  readonly path: string;
  /** What is wrong and what is wanted. It never repeats a value that could be secret. */
  readonly message: string;
  /** The value at the path is not known yet, so the rule cannot tell. */
  readonly isUndecided?: true;
}

export type Level = "mandatory" | "advisory" | "off";

/** What the rule's outcome means by environment: `promoted` are those with `promotesFrom`. */
export interface Levels {
  readonly development: Level;
  readonly promoted: Level;
}

export interface RuleFacts {
  /** `IMG-01`. */
  readonly id: string;
  /** `<provider or kind>-<resource>-<verb>-<what>`, in kebab-case; also its file's name. */
  readonly name: string;
  /** What has to hold, as a sentence. */
  readonly title: string;
  readonly severity: "critical" | "high" | "medium" | "low";
  /** Why: the benchmark or guide that says so, and where it is. */
  readonly reason: { readonly source: string; readonly link: string };
  /** What to do about a violation. */
  readonly fix: string;
  readonly level: Levels;
  /** What it means that a value is unknown: `fail` closes the gate in CI, `skip` is a note. */
  readonly onUnknown: "fail" | "skip";
  /** Type tokens that it judges, canonical; all others are none of its business. */
  readonly types: readonly string[];
}

/** Looks at one resource at a time. */
export interface ResourceRule extends RuleFacts {
  readonly scope: "resource";
  readonly check: (resource: Resource, context: Context) => readonly Finding[];
}

/** Looks at all resources of a stack that have one of its types. */
export interface StackRule extends RuleFacts {
  readonly scope: "stack";
  readonly check: (resources: readonly Resource[], context: Context) => readonly Finding[];
}

export type Rule = ResourceRule | StackRule;

/** What a rule may know besides the resources. */
export interface Context {
  /** Stack, or `files` for documents without one. */
  readonly stack: string;
  /** Whether the environment takes releases from another (`ralex:promotesFrom`). */
  readonly isPromoted: boolean;
  readonly configuration: Configuration;
  readonly now: Date;
  /** What is known of an image by its `repository@sha256:…`. */
  readonly image: (ref: string) => ImageFacts;
  /** What the pinned release has to say; undefined where the stack has none. */
  readonly release: ReleaseFacts | undefined;
}

/** The release that the environment is pinned to. */
export interface ReleaseFacts {
  readonly id: string;
  /** `repository@sha256:…` by the image's name. */
  readonly images: Readonly<Record<string, string>>;
  /** Why it may not run here, as `./ralex promote` has it; undefined when it may, UNKNOWN where no ledger was readable. */
  readonly refusal: string | undefined;
}

/** The properties of a resource, with their paths. */
export const propertiesOf = (resource: Resource): Value => new Value(resource.properties);

/** A finding at a value: a violation, or undecided where the value is unknown. */
export function finding(resource: Resource, at: Value, message: string): Finding {
  const place = { urn: resource.urn, path: at.path, message };
  return at.isUnknown ? { ...place, isUndecided: true } : place;
}

/** A finding unless the value is as wanted; an unknown value is undecided. */
export function unless(isWanted: boolean, resource: Resource, at: Value, message: string): readonly Finding[] {
  return isWanted && !at.isUnknown ? [] : [finding(resource, at, message)];
}

/**
 * The findings of a rule about resources, of which it judges those of its own types.
 * @throws whatever the rule throws: the caller closes the gate then.
 */
export function judge(rule: Rule, resources: readonly Resource[], context: Context): readonly Finding[] {
  const own = resources.filter(({ type }) => rule.types.includes(canonicalType(type)));
  if (own.length === 0) return [];
  return rule.scope === "stack" ? rule.check(own, context) : own.flatMap((resource) => rule.check(resource, context));
}

/** Providers made from Terraform's: their tokens repeat the resource's name in the module. */
const BRIDGED: ReadonlySet<string> = new Set(["aws", "gcp", "docker", "random", "tls"]);

/**
 * A type token as the engine has it: `docker:Container`, `docker:index:Container` and `docker:index/container:Container`
 * are the same resource, as programs in YAML and other tools write it.
 */
export function canonicalType(token: string): string {
  const [provider = "", module = "", name] = token.split(":");
  if (name === undefined) return module === "" ? token : canonicalType(`${provider}:index:${module}`);
  // azure-native may name a version of an API, in the module or in the name of an SDK that was made for it alone.
  if (/^azure-native(_|$)/.test(provider)) return `azure-native:${module.split("/")[0]}:${name}`;
  if (!BRIDGED.has(provider) || module.includes("/")) return token;
  return `${provider}:${module}/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
}
