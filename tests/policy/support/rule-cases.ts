/** The cases that every rule has, as data: tests/policy/rules.test.ts runs them, and fails for a rule that lacks some. */
import { DEFAULTS, type Configuration } from "../../../policy/configuration";
import type { ImageFacts } from "../../../policy/images";
import type { Context, Resource, Rule } from "../../../policy/rule";
import { isObject } from "../../../policy/value";

/** What differs from {@link contextWith}'s context. */
export type ContextChanges = Partial<Omit<Context, "configuration">> & {
  readonly configuration?: Partial<Configuration>;
};

export interface RuleCases {
  readonly rule: Rule;
  /** Complies with the rule. For a stack rule: all resources that it needs; changes are made to the first. */
  readonly baseline: readonly Resource[];
  /** Changes, each of one thing, and the one violation that each makes. At least two. */
  readonly violations: readonly Mutation[];
  /** Changes that keep the rule: exceptions, other ways to comply, and values of odd kinds. */
  readonly allowed?: readonly Change[];
  /** A value that makes the rule undecided, or that leaves it without a finding. */
  readonly unknown: Change & { readonly path?: string };
  /** An init container, or one that is embedded as JSON; null where the rule is not about containers, with the reason. */
  readonly embedded: readonly Mutation[] | { readonly none: string };
  readonly context?: ContextChanges;
}

export interface Change {
  /** A sentence's end: "is caught when …", "is kept when …". */
  readonly when: string;
  /** From the baseline to what is judged. */
  readonly change: (baseline: readonly Resource[]) => readonly Resource[];
  readonly context?: ContextChanges;
}

export interface Mutation extends Change {
  /** The one finding's path, and its whole message. */
  readonly path: string;
  readonly message: string;
}

/** Puts a value at a path of the first resource: `set("spec.containers[0].image", "nginx")`. Lists take their length as an index. */
export const set =
  (path: string, value: unknown): Change["change"] =>
  ([first, ...rest]) =>
    first === undefined ? [] : [{ ...first, properties: changed(first.properties, steps(path), value) }, ...rest];

/** Takes what is at a path of the first resource away. */
export const remove = (path: string): Change["change"] => set(path, undefined);

/** {@link set} for the resource of a place in the list. */
export const setIn =
  (index: number, path: string, value: unknown): Change["change"] =>
  (resources) =>
    resources.map((resource, at) =>
      at === index ? { ...resource, properties: changed(resource.properties, steps(path), value) } : resource,
    );

export const setOption =
  (options: Resource["options"]): Change["change"] =>
  ([first, ...rest]) =>
    first === undefined ? [] : [{ ...first, options: { ...first.options, ...options } }, ...rest];

type Step = string | number;

const steps = (path: string): readonly Step[] =>
  [...path.matchAll(/\[(\d+)\]|\["([^"]+)"\]|([^.[\]]+)/g)].map(([, index, quoted, key]) =>
    index === undefined ? (quoted ?? key ?? "") : Number(index),
  );

function changed<T>(value: T, [step, ...rest]: readonly Step[], leaf: unknown): T {
  if (step === undefined) return leaf as T;
  if (typeof step === "number") {
    const list: unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [];
    const item = changed(list[step], rest, leaf);
    if (item === undefined) list.splice(step, 1);
    else list[step] = item;
    return list as T;
  }
  const object: Record<string, unknown> = isObject(value) ? { ...value } : {};
  const child = changed(object[step], rest, leaf);
  if (child === undefined) delete object[step];
  else object[step] = child;
  return object as T;
}

export const DAY = new Date("2026-11-27T12:00:00Z");

const NOTHING_KNOWN: ImageFacts = {
  isOwn: true,
  name: undefined,
  evidence: undefined,
  problem: "there is no evidence",
};

/** The context of a promoted environment without evidence and without a release. */
export const contextWith = ({ configuration, ...changes }: ContextChanges = {}): Context => ({
  stack: "prod",
  isPromoted: true,
  now: DAY,
  image: () => NOTHING_KNOWN,
  release: undefined,
  ...changes,
  configuration: { ...DEFAULTS, ...configuration },
});

/** A resource of a preview. */
export const resource = (
  type: string,
  properties: Resource["properties"],
  { name = "sample", options = {} }: { readonly name?: string; readonly options?: Resource["options"] } = {},
): Resource => ({ type, name, urn: `urn:pulumi:prod::ralex::${type}::${name}`, properties, options });
