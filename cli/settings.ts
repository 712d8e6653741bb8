/** A stack's settings as the commands read them, without Pulumi. */
import {
  leftOutSentence,
  leftOutVariables,
  loadSettings,
  loadTarget,
  variableOf,
  type LeftOut,
  type Sources,
} from "../components/settings/load";
import { SECRET_SETTINGS, type Settings } from "../components/settings/schema";
import { readDotenv } from "../components/settings/dotenv";
import { committedFile, encryptedSettings, writtenSettings, type StackFile } from "./stack-config";

const sourcesOf = (checkout: string, file: StackFile): Sources => ({
  environment: process.env,
  ...readDotenv(checkout),
  stack: writtenSettings(file),
  // What is left of the file: nothing encrypted.
  encrypted: new Set(),
});

/**
 * A stack's settings without any key to its secrets: those that its file has encrypted count as set.
 * @throws SettingsError with every problem.
 */
export function settingsWithoutKey(checkout: string, stack: string, file: StackFile): Settings {
  const encrypted = encryptedSettings(file).filter((key) => key in SECRET_SETTINGS);
  const sources = sourcesOf(checkout, file);
  const placeholders = Object.fromEntries(encrypted.map((key) => [key, "encrypted"]));
  const complete = { ...sources, stack: { ...sources.stack, ...placeholders }, encrypted: new Set(encrypted) };
  const settings = loadSettings(complete);
  sayLeftOut(stack, leftOutVariables(complete));
  return settings;
}

/** What was said already: a command reads settings several times. */
const said = new Set<string>();

function sayLeftOut(stack: string, leftOut: readonly LeftOut[]): void {
  const sentence = leftOut.length === 0 ? undefined : leftOutSentence(stack, leftOut);
  if (sentence === undefined || said.has(sentence)) return;
  said.add(sentence);
  console.error(sentence);
}

/**
 * Says once which variables have no effect on the stack.
 * @throws SettingsError with every problem.
 */
export function settingsOf(checkout: string, stack: string, file: StackFile): Settings {
  const sources = sourcesOf(checkout, file);
  const settings = loadSettings(sources);
  sayLeftOut(stack, leftOutVariables(sources));
  return settings;
}

/** Names of variables of the environment that have no effect on the stack, and were told: its program need not see them. */
export const ineffectiveVariables = (checkout: string, file: StackFile): readonly string[] =>
  leftOutVariables(sourcesOf(checkout, file)).flatMap(({ variable }) => (variable in process.env ? [variable] : []));

/**
 * Where a stack runs, whatever else is wrong with its settings: what runs can be told, logged and removed all the same.
 * @throws SettingsError where no such target is known, Failure where nobody described the stack.
 */
export function targetOf(checkout: string, stack: string): Settings["target"] {
  const sources = sourcesOf(checkout, committedFile(checkout, stack));
  const target = loadTarget(sources);
  sayLeftOut(
    stack,
    leftOutVariables(sources).filter(({ variable }) => variable === variableOf("target")),
  );
  return target;
}
