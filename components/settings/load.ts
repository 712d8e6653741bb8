import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { DOTENV } from "./dotenv";
import type { Problem } from "./problem";
import {
  PASSWORD_SETTINGS,
  PLAIN_SETTINGS,
  RELEASE,
  SECRET_SETTINGS,
  TARGET_SETTINGS,
  type SecretSetting,
  type Settings,
} from "./schema";
import { passwordValue, secretValue } from "./secret-value";
import { sizeClashes } from "./sizes";
import { storeClashes } from "./store-url";
import type { TargetName } from "./targets";

/** Everything wrong with the configuration, in one error. No value is repeated: it may be a secret in a wrong place. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map(({ key, source, message }) => `  ${key} (${source}): ${message}`);
    super(`${problems.length} problem(s) in the configuration:\n${lines.join("\n")}`);
  }
}

/**
 * Where settings come from, strongest first. Environment names are `RALEX_` and the key in capitals. Of a stack that
 * promotes from another one only its own configuration counts.
 */
export interface Sources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The checkout's `.env`. */
  readonly dotenv: Readonly<Record<string, string>>;
  /** What keeps the `.env` from being read. */
  readonly dotenvProblems?: readonly Problem[];
  /** The stack's configuration without its namespace; values as parsed from YAML or JSON. */
  readonly stack: Readonly<Record<string, unknown>>;
  /** Keys of the stack's configuration that are encrypted in its file; absent where there is no file. */
  readonly encrypted?: ReadonlySet<string>;
  /** Keys of those that are not in `stack`, since whoever reads it has no need to decrypt them. */
  readonly sealed?: ReadonlySet<string>;
}

/** Variables that steer the tools of a checkout and are no settings of the stack. */
const TOOL_VARIABLES =
  /^RALEX_(CACHE_DIR|IMAGES_LOCK|POLICY_KNOWN_VIOLATIONS|PULUMI|REGISTRY|SIGNING_KEY|SIGNING_PUBLIC_KEY|TOOLCHAIN|TRIVY_CACHE_DIR|TRIVY_DB_REPOSITORY|TEST_[A-Z_]+)$/;

/** What decides which release may run somewhere: in the stack's file, where a change of it is reviewed. */
export const FILE_ONLY: ReadonlySet<string> = new Set(["release", "promotesFrom"]);

/** `apiReplicas` -> `RALEX_API_REPLICAS`. */
export const variableOf = (key: string): string =>
  `RALEX_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const KEYS = [...Object.keys(PLAIN_SETTINGS), ...Object.keys(SECRET_SETTINGS)];
const KEY_OF_VARIABLE = new Map([...KEYS, "release"].map((key) => [variableOf(key), key]));

/**
 * Whether variables and `.env` count. They are of one machine or one pipeline, and nothing of them goes into what others
 * promote to: there the reviewed file says everything.
 */
const takesVariables = ({ stack }: Sources): boolean =>
  [undefined, ""].includes(stack.promotesFrom as string | undefined);

const STACK = "stack configuration";
const ENVIRONMENT = "environment";

/** What is set by variables, weakest first. */
const overlays = ({ dotenv, environment }: Sources) => [
  { source: DOTENV, variables: dotenv },
  { source: ENVIRONMENT, variables: environment },
];

/** The setting that a variable gives a value to, if it does. */
function settingOf(variable: string, value: string | undefined): string | undefined {
  const key = KEY_OF_VARIABLE.get(variable);
  return key === undefined || FILE_ONLY.has(key) || value === undefined || value === "" ? undefined : key;
}

/** A variable that would set something, and does not count for this stack. */
export interface LeftOut {
  readonly variable: string;
  /** `environment` or `.env`. */
  readonly source: string;
}

/** Every variable that is set and changes nothing, since the stack promotes from another one. */
export const leftOutVariables = (sources: Sources): readonly LeftOut[] =>
  takesVariables(sources)
    ? []
    : overlays(sources).flatMap(({ source, variables }) =>
        Object.entries(variables)
          .filter(([variable, value]) => settingOf(variable, value) !== undefined)
          .map(([variable]) => ({ variable, source })),
      );

/** What is said of them, by the program and by the commands; no value is in it. */
export const leftOutSentence = (stack: string, leftOut: readonly LeftOut[]): string =>
  `set, and without any effect on ${stack}, which takes its settings from Pulumi.${stack}.yaml only: ` +
  leftOut.map(({ variable, source }) => `${variable} (${source})`).join(", ");

interface Given {
  readonly value: unknown;
  readonly source: string;
}

/**
 * The strongest value of each key. An empty text says "not set", wherever it stands: Pulumi.yaml has to give every key a
 * default, and a variable that is left empty is a line that nobody filled in.
 */
function givenValues(sources: Sources): ReadonlyMap<string, Given> {
  const values = new Map<string, Given>();
  for (const [key, value] of Object.entries(sources.stack)) {
    if (value !== "" && (key === "release" || KEYS.includes(key))) values.set(key, { value, source: STACK });
  }
  for (const { source, variables } of takesVariables(sources) ? overlays(sources) : []) {
    for (const [variable, value] of Object.entries(variables)) {
      const key = settingOf(variable, value);
      if (key === undefined || value === undefined) continue;
      values.set(key, { value: typed(key, value), source: `${variable} in ${source}` });
    }
  }
  return values;
}

/** What stands where it may not, whatever its value. */
function misplaced(sources: Sources): readonly Problem[] {
  const takesDotenv = takesVariables(sources);
  const problems: Problem[] = [...(takesDotenv ? (sources.dotenvProblems ?? []) : [])];
  for (const [key, value] of Object.entries(sources.stack)) {
    if (key !== "release" && !KEYS.includes(key)) {
      problems.push({ key, source: STACK, message: `unknown; allowed are ${[...KEYS, "release"].join(", ")}` });
    } else if (key in SECRET_SETTINGS && value !== "" && sources.encrypted?.has(key) === false) {
      problems.push({ key, source: STACK, message: "is written in clear: set it with pulumi config set --secret" });
    }
  }
  // A name in the environment that is nothing is a mistake wherever it stands: it may have been meant for a tool.
  for (const { source, variables } of overlays(sources).filter((one) => takesDotenv || one.source === ENVIRONMENT)) {
    for (const [variable, value] of Object.entries(variables)) {
      if (value === undefined || !/^RALEX_/i.test(variable) || TOOL_VARIABLES.test(variable)) continue;
      const key = KEY_OF_VARIABLE.get(variable);
      if (key === undefined) problems.push({ key: variable, source, message: "unknown setting" });
      else if (FILE_ONLY.has(key) && value !== "") {
        problems.push({ key, source, message: "is set in the stack's file only" });
      }
    }
  }
  return problems;
}

/** A value of text form, as the setting's own type where it has one; left as text where it does not fit. */
function typed(key: string, value: string): unknown {
  const schema = (PLAIN_SETTINGS as Record<string, z.ZodType>)[key];
  if (schema === undefined || schema.safeParse(value).success) return value;
  if (/^-?\d+$/.test(value)) return Number(value);
  if (value === "true" || value === "false") return value === "true";
  return value;
}

/**
 * Merges the sources (environment, `.env`, stack configuration, default: the first that has a value wins) and
 * validates the result.
 * @throws SettingsError with every problem: unknown keys, wrong types, values out of range, clashes between settings.
 */
export function loadSettings(sources: Sources): Settings {
  const problems: Problem[] = [...misplaced(sources)];
  const values = givenValues(sources);

  const parsed: Record<string, unknown> = {};
  const check = (key: string, schema: z.ZodType) => {
    const given = values.get(key);
    const result = schema.safeParse(typeof given?.value === "string" ? typed(key, given.value) : given?.value);
    if (result.success) parsed[key] = result.data;
    else {
      problems.push({ key, source: given?.source ?? "default", message: messageOf(result.error) });
    }
  };
  for (const [key, schema] of Object.entries(PLAIN_SETTINGS)) check(key, schema);
  check("release", RELEASE.optional());

  const secretsSet = new Set<SecretSetting>();
  for (const key of Object.keys(SECRET_SETTINGS) as SecretSetting[]) {
    const given = values.get(key);
    if (given !== undefined || sources.sealed?.has(key) === true) secretsSet.add(key);
    if (given === undefined) continue;
    const { error } = (PASSWORD_SETTINGS.has(key) ? passwordValue : secretValue).safeParse(given.value);
    if (error !== undefined) problems.push({ key, source: given.source, message: messageOf(error) });
  }

  const target = parsed.target as TargetName | undefined;
  const held = target === undefined ? [] : (TARGET_SETTINGS[target]?.held?.(parsed) ?? []);
  const all = new Set([...secretsSet, ...held]);
  problems.push(...clashes(parsed, all), ...(target === undefined ? [] : ofTarget(target, parsed, secretsSet, values)));
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze({ ...parsed, secretsSet: all }) as unknown as Settings;
}

/**
 * Where a stack runs, whatever else is wrong with its settings.
 * @throws SettingsError where no such target is known.
 */
export function loadTarget(sources: Sources): TargetName {
  const given = givenValues(sources).get("target");
  const { data, error } = PLAIN_SETTINGS.target.safeParse(given?.value);
  if (data !== undefined) return data;
  throw new SettingsError([{ key: "target", source: given?.source ?? "default", message: messageOf(error) }]);
}

const messageOf = (error: z.ZodError): string =>
  error.issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ");

/** Values of the secret settings that are set, with the same precedence as {@link loadSettings}. */
export function secretValues(sources: Sources): Readonly<Partial<Record<SecretSetting, string>>> {
  const given = givenValues(sources);
  return Object.fromEntries(
    Object.keys(SECRET_SETTINGS).flatMap((key) => {
      const value = given.get(key)?.value;
      return typeof value === "string" ? [[key, value]] : [];
    }),
  );
}

/** What is wrong among the settings of the target, and those of other targets that are set and would have no effect. */
function ofTarget(
  target: TargetName,
  parsed: Readonly<Record<string, unknown>>,
  secretsSet: ReadonlySet<SecretSetting>,
  values: ReadonlyMap<string, Given>,
): readonly Problem[] {
  const others = Object.entries(TARGET_SETTINGS).filter(([name]) => name !== target);
  const strangers = others.flatMap(([name, { settings }]) =>
    Object.entries(settings).flatMap(([key, schema]): Problem[] => {
      const given = values.get(key);
      // Pulumi.yaml gives each key its default, whatever the target is.
      if (given === undefined || isDeepStrictEqual(parsed[key], schema.safeParse(undefined).data)) return [];
      return [{ key, source: given.source, message: `is a setting of target ${name}, and has no effect on ${target}` }];
    }),
  );
  return [...strangers, ...(TARGET_SETTINGS[target]?.clashes(parsed, secretsSet) ?? [])];
}

/** Problems that only show when settings are looked at together. */
function clashes(parsed: Record<string, unknown>, secretsSet: ReadonlySet<SecretSetting>): Problem[] {
  const problems: Problem[] = [...sizeClashes(parsed)];
  if (secretsSet.has("upstreamApiKey") && parsed.upstreamUrl === undefined) {
    problems.push({ key: "upstreamApiKey", source: "all settings", message: "needs upstreamUrl: say whose key it is" });
  }
  if (parsed.upstreamCaCertificate !== undefined && !/^https:/i.test(String(parsed.upstreamUrl ?? ""))) {
    const message = "needs an upstreamUrl that starts with https://: say whose authority it is";
    problems.push({ key: "upstreamCaCertificate", source: "all settings", message });
  }
  if (parsed.operatorListeners === true && parsed.monitoring === "none") {
    const message = "opens what is not there with monitoring none: set it to false, or monitoring to own";
    problems.push({ key: "operatorListeners", source: "all settings", message });
  }
  for (const clash of storeClashes(parsed, secretsSet)) problems.push({ ...clash, source: "all settings" });
  return problems;
}
