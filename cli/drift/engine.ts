/** What the engine finds different in its resources, read from a refresh that writes nothing. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { EXIT, Failure } from "../failure";
import { PROJECT } from "../project";
import type { Workspace } from "../workspace";
import { SECRET, type Difference } from "./report";

/** Exit code of `pulumi refresh --expect-no-changes` for changes; any other one is an error. */
const CHANGES = 7;

const STATE = z.looseObject({
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
});

const REPORT = z.looseObject({
  steps: z
    .array(
      z.looseObject({
        op: z.string(),
        urn: z.string(),
        oldState: STATE.optional(),
        newState: STATE.optional(),
        detailedDiff: z.record(z.string(), z.looseObject({ inputDiff: z.boolean().optional() })).nullish(),
      }),
    )
    .nullish(),
  diagnostics: z.array(z.looseObject({ severity: z.string(), message: z.string() })).nullish(),
});

type State = z.infer<typeof STATE>;
export type RefreshReport = z.infer<typeof REPORT>;

/** A difference that the engine sees, with the name by which the platform knows the resource. */
export interface ResourceDifference extends Difference {
  readonly physicalName?: string;
}

/**
 * Compares every resource with the platform. Nothing is written: the engine only previews the refresh.
 * @param configFile - what `--config-file` is to name: the key to the state's secrets is in it.
 * @throws Failure when the engine cannot tell.
 */
export async function refreshed(
  workspace: Workspace,
  stack: string,
  configFile: string,
): Promise<readonly ResourceDifference[]> {
  // On standard error: with --json, standard output is the answer and nothing else.
  console.error(`comparing every resource of ${stack} with what runs, which takes some seconds`);
  const name = await workspace.stackName(PROJECT, stack);
  const args = ["refresh", "--preview-only", "--expect-no-changes", "--json", "--stack", name];
  const { exitCode, stdout, stderr } = await workspace.run([...args, "--config-file", configFile]);
  const report = parseReport(stdout);
  if ((exitCode !== 0 && exitCode !== CHANGES) || report === undefined) {
    const said = (report?.diagnostics ?? []).filter(({ severity }) => severity === "error");
    const message = said.map((one) => one.message.trim()).join("\n") || stderr.trim() || stdout.trim();
    throw new Failure(`the engine could not compare ${stack} with what runs:\n${message}`, EXIT.error);
  }
  const found = differencesOf(report);
  if (exitCode === CHANGES && found.length === 0) {
    throw new Failure(`the engine sees a change in ${stack} and does not say which: run pulumi refresh --preview-only`);
  }
  return found;
}

/** The engine's answer, or undefined where it is none. */
export function parseReport(text: string): RefreshReport | undefined {
  try {
    return REPORT.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What differs, property by property. A resource that is gone is one difference. */
export function differencesOf({ steps }: RefreshReport): readonly ResourceDifference[] {
  return (steps ?? []).flatMap(({ op, urn, oldState, newState, detailedDiff }) => {
    if (op !== "update" && op !== "delete" && op !== "replace") return [];
    const name = oldState?.inputs?.name;
    const about = {
      from: "resource" as const,
      subject: `${urn.split("::").at(-1)} (${(oldState ?? newState)?.type.split(":").at(-1) ?? "resource"})`,
      urn,
      ...(typeof name === "string" ? { physicalName: name } : {}),
    };
    if (op === "delete" || newState === undefined) {
      return [{ ...about, property: "", expected: "exists", actual: "gone" }];
    }
    const paths = Object.entries(detailedDiff ?? {});
    const changed =
      paths.length > 0
        ? paths.map(([path, { inputDiff }]) => ({ path, inputs: inputDiff !== false }))
        : changedKeys(oldState, newState);
    return changed.map(({ path, inputs }) => {
      const [expected, actual] = both(oldState, newState, path, inputs);
      return { ...about, property: path, expected, actual };
    });
  });
}

interface Changed {
  readonly path: string;
  readonly inputs: boolean;
}

/** Where the provider does not say which properties changed: those whose values are others. */
function changedKeys(before: State | undefined, after: State): readonly Changed[] {
  const changed = (["inputs", "outputs"] as const).flatMap((side) => {
    const [one, other] = [before?.[side] ?? {}, after[side] ?? {}];
    return [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .filter((key) => JSON.stringify(one[key]) !== JSON.stringify(other[key]))
      .map((path) => ({ path, inputs: side === "inputs" }));
  });
  return changed.filter(({ path }, index) => changed.findIndex((one) => one.path === path) === index);
}

/**
 * Both values of a property: a pair of inputs or of outputs that differs, and else what the program says against what the
 * provider reads back. Where the whole input or output that it is part of holds a secret on either side, neither
 * is shown: in a list that has grown or shrunk, what was changed by hand may be that secret at another place.
 */
function both(
  before: State | undefined,
  after: State,
  path: string,
  inputs: boolean,
): readonly [expected: unknown, actual: unknown] {
  const sides = inputs ? (["inputs", "outputs"] as const) : (["outputs", "inputs"] as const);
  const steps = parsePath(path);
  const pairs: (readonly [unknown, unknown])[] = sides.map((side) => [
    valueAt(before?.[side], steps),
    valueAt(after[side], steps),
  ]);
  const readBack = [valueAt(before?.inputs, steps), valueAt(after.outputs, steps)] as const;
  if (readBack.every((value) => value !== undefined)) pairs.push(readBack);
  const [expected, actual] = pairs.find((pair) => !isDeepStrictEqual(...pair)) ?? pairs[0] ?? [undefined, undefined];
  const whole = sides
    .flatMap((side) => [before?.[side], after[side]])
    .map((values) => valueAt(values, steps.slice(0, 1)));
  return whole.some(holdsSecret) ? [SECRET, SECRET] : [expected, actual];
}

const holdsSecret = (value: unknown): boolean =>
  value === SECRET || (typeof value === "object" && value !== null && Object.values(value).some(holdsSecret));

/** `a.b[0]["c.d"]` as its steps, as the engine writes property paths. */
export function parsePath(path: string): readonly string[] {
  const steps: string[] = [];
  for (const [, name, index, quoted] of path.matchAll(/([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/g)) {
    steps.push(name ?? index ?? (quoted ?? "").replace(/\\(.)/g, "$1"));
  }
  return steps;
}

/** The value at a path, or undefined; what is inside a secret is that secret. */
function valueAt(value: unknown, steps: readonly string[]): unknown {
  let here = value;
  for (const step of steps) {
    if (here === SECRET) return SECRET;
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}
