/** What a preview would do to each resource, from the engine's steps. */
import { parsePath } from "../../drift/engine";
import type { Change, ChangedProperty, Operation } from "../result";
import type { EngineEvent, Step } from "./stream";
import { shownValue } from "./values";

/** Properties of one resource beyond this many are counted, and not listed. */
const MOST_PROPERTIES = 200;

/** The engine's words for its steps; a replacement is three of them. What is not here changes nothing. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: "create",
  update: "update",
  delete: "delete",
  import: "import",
  "import-replacement": "replace",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
};

/** Of several steps for one resource, the one that says the most. */
const WEIGHT: Readonly<Record<Operation, number>> = { update: 0, create: 1, import: 2, delete: 3, replace: 4 };

/** What is done to providers and to the stack itself is nothing that runs. */
const isOwn = ({ type }: Step): boolean => type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");

/** The changes, each resource once, in the engine's order. */
export function changesOf(events: readonly EngineEvent[]): readonly Change[] {
  const found = new Map<string, Change>();
  for (const { resourcePreEvent } of events) {
    const step = resourcePreEvent?.metadata;
    const operation = step === undefined || isOwn(step) ? undefined : OPERATIONS[step.op];
    if (step === undefined || operation === undefined) continue;
    const before = found.get(step.urn);
    const change = changeOf(step, operation);
    found.set(step.urn, before === undefined ? change : merged(before, change));
  }
  return [...found.values()];
}

/** Resources that stay as they are. */
export function unchangedIn(events: readonly EngineEvent[]): number {
  const same = events.flatMap(({ resourcePreEvent }) => {
    const step = resourcePreEvent?.metadata;
    return step?.op === "same" && !isOwn(step) ? [step.urn] : [];
  });
  return new Set(same).size;
}

/** `ralex-api-0` of a URN. */
export const nameOfUrn = (urn: string): string => urn.split("::").slice(3).join("::") || urn;

/** `docker:index/container:Container` of a URN, without its parents. */
export const typeOfUrn = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

function changeOf(step: Step, operation: Operation): Change {
  const properties = operation === "update" || operation === "replace" ? propertiesOf(step) : [];
  const beyond = properties.length - MOST_PROPERTIES;
  return {
    operation,
    urn: step.urn,
    type: step.type,
    name: nameOfUrn(step.urn),
    properties: properties.slice(0, MOST_PROPERTIES),
    ...(beyond > 0 ? { moreProperties: beyond } : {}),
    reasons: operation === "replace" ? [...(step.keys ?? [])].slice(0, MOST_PROPERTIES) : [],
    ...(step.old?.retainOnDelete === true ? { retained: true as const } : {}),
  };
}

function merged(one: Change, other: Change): Change {
  const [first, second] = WEIGHT[one.operation] >= WEIGHT[other.operation] ? [one, other] : [other, one];
  const reasons = [...new Set([...first.reasons, ...second.reasons])];
  const properties = first.properties.length > 0 ? first.properties : second.properties;
  const more = first.moreProperties ?? second.moreProperties;
  const isRetained = first.retained === true || second.retained === true;
  return {
    ...first,
    reasons,
    properties,
    ...(more === undefined ? {} : { moreProperties: more }),
    ...(isRetained ? { retained: true as const } : {}),
  };
}

/** Names of what differs; values of those only that may be shown. */
function propertiesOf({ detailedDiff, diffs, old, new: next }: Step): readonly ChangedProperty[] {
  const detailed = Object.entries(detailedDiff ?? {});
  const paths =
    detailed.length > 0
      ? detailed.map(([path, { diffKind }]) => ({ path, kind: kindOf(diffKind ?? "update") }))
      : (diffs ?? []).map((path) => ({ path, kind: kindOfDiff(path, old?.inputs, next?.inputs) }));
  return paths.map(({ path, kind }) => {
    const steps = parsePath(path);
    const name = steps.at(-1) ?? "";
    const [before, after] = [old?.inputs, next?.inputs].map((inputs) => shownValue(name, valueAt(inputs, steps)));
    return {
      path,
      kind,
      ...(before === undefined || kind === "add" ? {} : { before }),
      ...(after === undefined || kind === "delete" ? {} : { after }),
    };
  });
}

/** `add`, `add-replace` and so on. */
const kindOf = (kind: string): ChangedProperty["kind"] =>
  kind.startsWith("add") ? "add" : kind.startsWith("delete") ? "delete" : "update";

function kindOfDiff(path: string, before: unknown, after: unknown): ChangedProperty["kind"] {
  const steps = parsePath(path);
  if (valueAt(before, steps) === undefined) return "add";
  return valueAt(after, steps) === undefined ? "delete" : "update";
}

function valueAt(value: unknown, steps: readonly string[]): unknown {
  let here = value;
  for (const step of steps) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}
