/** A plan as it is kept between a preview and its update: Pulumi's plan, and everything that it says nothing of. */
import * as fs from "node:fs";
import { z } from "zod";
import { ralex } from "../../components/command-line";
import { canonicalize } from "json-canonicalize";
import { RELEASE, type Settings } from "../../components/settings/schema";
import { EXIT, Failure } from "../failure";
import { replaceFile } from "../replace-file";
import type { StackFile } from "../stack-config";
import { sha256, stateDifferences, type StateFingerprint } from "./state";

const FORMAT = "ralex-plan/1";
/** How long a plan may wait for its update, in hours: what it says nothing of, the platform itself, goes on changing. */
export const VALID_HOURS = 24;
/** More of a list than this is counted, and not shown. */
const SHOWN = 8;

const HASH = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What a plan was made for and of. */
const BASIS = z.strictObject({
  stack: z.string(),
  release: RELEASE,
  /** The settings that were in force, without the release and without any secret value. */
  settings: z.record(z.string(), z.unknown()),
  /** `sha256:` of the configuration, encrypted values included. */
  configuration: HASH,
  state: z.record(z.string(), HASH),
  /** Whether the platform lacked something of the stack, so that every resource was looked at first. */
  refresh: z.boolean(),
  /** Folders, relative to the checkout where they are in it. */
  policyPacks: z.array(z.string()),
});

const RECORD = z.strictObject({
  format: z.literal(FORMAT),
  ...BASIS.shape,
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  madeAt: z.iso.datetime(),
  /** Pulumi's own text, to the byte: it has numbers that a reader of JSON would round. */
  plan: z.string(),
});

export type Basis = Readonly<z.infer<typeof BASIS>>;
export type PlanRecord = Readonly<z.infer<typeof RECORD>>;

/** @param settings - those in force, which the file need not say. */
export function configurationOf(file: StackFile, settings: Settings): Pick<Basis, "settings" | "configuration"> {
  const { release, secretsSet, ...plain } = settings;
  // As JSON has it: what is not set is not there.
  const read = JSON.parse(JSON.stringify(plain)) as Record<string, unknown>;
  const text = canonicalize({ file, settings: read, release, secrets: [...secretsSet].sort() });
  return { settings: read, configuration: sha256(text) };
}

/** The text of a plan's file. */
export function writtenPlan(record: Omit<PlanRecord, "format">): string {
  const whole = { format: FORMAT, ...record };
  return `${JSON.stringify({ ...whole, sha256: sha256(canonicalize(whole)) }, null, 2)}\n`;
}

/** Writes a plan's file, for its user alone: it holds the stack's inputs, of which only secrets are encrypted. */
export const keepPlan = (file: string, record: Omit<PlanRecord, "format">): void =>
  replaceFile(file, writtenPlan(record), 0o600);

/** @throws Failure (exit code 2) where the file is no plan, or not the whole of what was written. */
export function readPlan(file: string, stack: string): PlanRecord {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw refused(file, stack, [`it cannot be read (${code})`]);
  }
  const parsed = parsePlan(text);
  if (typeof parsed === "string") throw refused(file, stack, [parsed]);
  return parsed;
}

/** @returns the plan, or why the text is none. */
export function parsePlan(text: string): PlanRecord | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return "it is not whole: its text breaks off, or was never a plan of ./ralex";
  }
  if (typeof document !== "object" || document === null || !("sha256" in document)) {
    return "it is no plan of ./ralex: what pulumi preview --save-plan writes does not say which state it starts from";
  }
  const { sha256: seal, ...whole } = document;
  if (seal !== sha256(canonicalize(whole)))
    return "it was altered or damaged after it was made: its sha256 does not fit";
  const { data, error } = RECORD.safeParse(whole);
  if (data !== undefined) return data;
  return `it is of another version of ./ralex: ${error.issues.map((one) => [...one.path, one.message].join(": ")).join("; ")}`;
}

/** Why a plan may not be applied now, everything at once; empty when it may. */
export function planDifferences(plan: PlanRecord, now: Basis, commit: string, time: Date): readonly string[] {
  if (plan.stack !== now.stack) return [`it is a plan of ${plan.stack}`];
  const hours = (time.getTime() - Date.parse(plan.madeAt)) / 3_600_000;
  return [
    ...(plan.commit === commit ? [] : [`it was made of commit ${plan.commit}, and ${commit} is checked out`]),
    ...(hours <= VALID_HOURS ? [] : [`it was made at ${plan.madeAt}, and a plan is valid for ${VALID_HOURS} hours`]),
    ...basisDifferences(plan, now),
  ];
}

/** How what an update would start from differs from what its plan was made of. */
export function basisDifferences(before: Basis, now: Basis): readonly string[] {
  const moved = stateDifferences(before.state as StateFingerprint, now.state as StateFingerprint);
  return [
    ...releaseDifferences(before, now),
    ...settingDifferences(before, now),
    ...(moved.length === 0 ? [] : [`the state of ${now.stack} has moved since: ${few(moved)}`]),
    ...(before.refresh === now.refresh
      ? []
      : [now.refresh ? "something of the stack has gone or stopped since" : "what was gone or stopped is back since"]),
    ...(sameList(before.policyPacks, now.policyPacks)
      ? []
      : [`it was made with ${packs(before.policyPacks)}, and now ${packs(now.policyPacks)} would judge it`]),
  ];
}

/** The command that makes a plan anew. @param file - the plan's; undefined where it was never kept. */
export const planAgain = (file: string | undefined, stack: string): string =>
  file === undefined ? ralex("deploy", "-s", stack) : ralex("preview", "-s", stack, "--save-plan", file);

/** @param file - as of {@link planAgain}. */
export function refused(file: string | undefined, stack: string, reasons: readonly string[]): Failure {
  const what = file === undefined ? "what was shown cannot be applied any more" : `the plan ${file} is refused`;
  const list = reasons.map((reason) => `\n  ${reason}`).join("");
  return new Failure(`${what}, and nothing was changed:${list}\nPlan again: ${planAgain(file, stack)}`, EXIT.refused);
}

function releaseDifferences({ release: before }: Basis, { release: now, stack }: Basis): readonly string[] {
  if (before.id !== now.id) return [`it brings release ${before.id}, and Pulumi.${stack}.yaml pins ${now.id}`];
  const names = [...new Set([...Object.keys(before.images), ...Object.keys(now.images)])].sort();
  return names
    .filter((name) => before.images[name] !== now.images[name])
    .map((name) => {
      const [was, is] = [before.images[name] ?? "no image", now.images[name] ?? "none"];
      return `it brings ${was} as ${name}, and Pulumi.${stack}.yaml pins ${is}`;
    });
}

function settingDifferences(before: Basis, now: Basis): readonly string[] {
  const keys = [...new Set([...Object.keys(before.settings), ...Object.keys(now.settings)])].sort();
  const changed = keys.flatMap((key) => {
    const [was, is] = [before.settings[key], now.settings[key]].map((value) =>
      value === undefined ? "not set" : canonicalize(value),
    );
    return was === is ? [] : [`ralex:${key} was ${was} and is ${is}`];
  });
  if (changed.length > 0) return changed;
  const isSame = before.configuration === now.configuration || releaseDifferences(before, now).length > 0;
  return isSame ? [] : [`the configuration has changed: an encrypted value, or a key that is no setting of Ralex's`];
}

const sameList = (a: readonly string[], b: readonly string[]): boolean => canonicalize(a) === canonicalize(b);
const packs = (folders: readonly string[]): string =>
  folders.length === 0 ? "no policy pack" : `the policy pack ${folders.join(" and ")}`;
const few = (all: readonly string[]): string =>
  all.length <= SHOWN ? all.join(", ") : `${all.slice(0, SHOWN).join(", ")} and ${all.length - SHOWN} more`;
