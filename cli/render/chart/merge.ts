/**
 * Several variants of a tree as one, with marks where they differ: what is in all of them stands once. The marks are keys
 * and items of their own, which become lines of a template once the tree is YAML.
 */

/** A setting of the chart that changes what objects there are or what is in them. */
export interface Dimension {
  readonly name: string;
  /** What it may be, each with the condition under which it is. Exactly one of them holds. */
  readonly options: readonly { readonly name: string; readonly when: string }[];
}

/** One option's name for each dimension. */
export type Combination = Readonly<Record<string, string>>;

export interface Variant {
  readonly combination: Combination;
  /** Undefined where there is nothing in this variant. */
  readonly value: unknown;
}

/** Every combination of the dimensions. */
export const combinationsOf = (dimensions: readonly Dimension[]): readonly Combination[] =>
  dimensions.reduce<readonly Combination[]>(
    (all, { name, options }) => all.flatMap((one) => options.map((option) => ({ ...one, [name]: option.name }))),
    [{}],
  );

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Each part is compared with a hundred others, and never changed. */
const texts = new WeakMap<object, string>();

function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const known = texts.get(value) ?? JSON.stringify(value);
  texts.set(value, known);
  return known;
}

export const sameValue = (a: unknown, b: unknown): boolean => a === b || textOf(a) === textOf(b);

/** Begin, end and the number of an alternative, in keys and items of the merged tree. */
const BEGIN = "merge-begin-";
const END = "merge-end-";
const ALTERNATIVE = "-merge-alternative-";

export class Merger {
  private readonly conditions: string[] = [];

  constructor(private readonly dimensions: readonly Dimension[]) {}

  /** The variants as one tree. @throws Error where they differ in a way that no mark can say. */
  merge(variants: readonly Variant[]): unknown {
    const values = variants.map(({ value }) => value);
    const [first] = values;
    if (values.every((value) => sameValue(value, first))) return first;
    if (values.every(isMap)) return this.mergeMaps(variants);
    if (values.every(Array.isArray)) return this.mergeLists(variants);
    throw new Error(`variants differ as a whole: ${JSON.stringify(values).slice(0, 200)}`);
  }

  /** Condition of those of all variants that have a value; undefined for all of them. */
  conditionOf(chosen: readonly Variant[], all: readonly Variant[]): string | undefined {
    if (chosen.length === all.length) return undefined;
    const optionsIn = (variants: readonly Variant[], name: string) =>
      new Set(variants.map(({ combination }) => combination[name] ?? ""));
    const some = this.dimensions.filter(({ name }) => optionsIn(chosen, name).size < optionsIn(all, name).size);
    const product = some.reduce(
      (count, { name }) => (count * optionsIn(chosen, name).size) / optionsIn(all, name).size,
      1,
    );
    const terms = (variants: readonly Variant[], dimensions: readonly Dimension[]) =>
      dimensions.map(({ name, options }) => {
        const held = optionsIn(variants, name);
        return joined(
          "or",
          options.filter((option) => held.has(option.name)).map(({ when }) => when),
        );
      });
    if (Math.round(product * all.length) === chosen.length) return joined("and", terms(chosen, some));
    const differing = this.dimensions.filter(({ name }) => optionsIn(all, name).size > 1);
    return joined(
      "or",
      chosen.map((one) => joined("and", terms([one], differing))),
    );
  }

  /** Text of YAML with the marks as lines of a template. */
  templated(text: string): string {
    return text
      .replace(new RegExp(`^( *)(?:- )?"?${BEGIN}(\\d+)"?(?:: null)?\\n`, "gm"), (_, _indent, number: string) => {
        return `{{- if ${this.conditions[Number(number)]} }}\n`;
      })
      .replace(new RegExp(`^ *(?:- )?"?${END}\\d+"?(?:: null)?\\n`, "gm"), "{{- end }}\n")
      .replace(new RegExp(`${ALTERNATIVE}\\d+`, "g"), "");
  }

  private mark(condition: string): number {
    return this.conditions.push(condition) - 1;
  }

  private mergeMaps(variants: readonly Variant[]): Record<string, unknown> {
    const keys = orderedUnion(variants.map(({ value }) => Object.keys(value as object)));
    const entries = keys.flatMap((key): [string, unknown][] => {
      const of = variants.map(({ combination, value }) => ({
        combination,
        value: (value as Record<string, unknown>)[key],
      }));
      return this.alternatives(of).flatMap(({ condition, value }, index): [string, unknown][] => {
        if (condition === undefined) return [[key, value]];
        const number = this.mark(condition);
        return [
          [`${BEGIN}${number}`, null],
          [index === 0 ? key : `${key}${ALTERNATIVE}${index}`, value],
          [`${END}${number}`, null],
        ];
      });
    });
    return Object.fromEntries(entries);
  }

  private mergeLists(variants: readonly Variant[]): unknown[] {
    const lists = variants.map(({ value }) => value as readonly unknown[]);
    const identities = orderedUnion(lists.map((list) => list.map(identityOf)));
    return identities.flatMap((identity) => {
      const of = variants.map(({ combination }, index) => ({
        combination,
        value: lists[index]?.find((item) => identityOf(item) === identity),
      }));
      return this.alternatives(of).flatMap(({ condition, value }) => {
        if (condition === undefined) return [value];
        const number = this.mark(condition);
        return [`${BEGIN}${number}`, value, `${END}${number}`];
      });
    });
  }

  /** The values that there are, each with its condition; those that can be merged are one. */
  private alternatives(variants: readonly Variant[]): readonly { condition: string | undefined; value: unknown }[] {
    const present = variants.filter(({ value }) => value !== undefined);
    const values = present.map(({ value }) => value);
    if (values.every(isMap) || values.every(isMergeable)) {
      return [{ condition: this.conditionOf(present, variants), value: this.merge(present) }];
    }
    const groups: Variant[][] = [];
    for (const variant of present) {
      const group = groups.find(([one]) => sameValue(one?.value, variant.value));
      if (group === undefined) groups.push([variant]);
      else group.push(variant);
    }
    return groups.map((group) => ({ condition: this.conditionOf(group, variants), value: group[0]?.value }));
  }
}

/** A list whose items tell where they belong: arguments may be there twice, and stay as a whole. */
const isMergeable = (value: unknown): boolean =>
  Array.isArray(value) && new Set(value.map(identityOf)).size === value.length;

const joined = (operator: "and" | "or", terms: readonly string[]): string =>
  terms.length === 1 ? (terms[0] ?? "") : `(${operator} ${terms.join(" ")})`;

/** What an item of a list is found again by: its name or key, that of its only part, or all of it. */
function identityOf(item: unknown): string {
  if (!isMap(item)) return JSON.stringify(item);
  for (const key of ["name", "key"]) if (typeof item[key] === "string") return `${key} ${item[key]}`;
  const [only, ...more] = Object.entries(item);
  if (only !== undefined && more.length === 0 && isMap(only[1])) return `${only[0]} ${String(only[1].name)}`;
  return JSON.stringify(item);
}

/** Every entry of the lists once, each behind what it stands behind in its own list. */
function orderedUnion(lists: readonly (readonly string[])[]): readonly string[] {
  const union: string[] = [];
  for (const list of lists) {
    let at = 0;
    for (const entry of list) {
      const found = union.indexOf(entry);
      if (found < 0) union.splice(at, 0, entry);
      at = (found < 0 ? at : found) + 1;
    }
  }
  return union;
}
