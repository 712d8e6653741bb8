/** A stack's settings as the commands read them, without Pulumi. */
import { loadSettings } from "../components/settings/load";
import type { Settings } from "../components/settings/schema";
import { readDotenv } from "../components/settings/dotenv";
import { committedFile, writtenSettings, type StackFile } from "./stack-config";

/** @throws SettingsError with every problem. */
export const settingsOf = (checkout: string, file: StackFile): Settings =>
  loadSettings({
    environment: process.env,
    ...readDotenv(checkout),
    stack: writtenSettings(file),
    // What is left of the file: nothing encrypted.
    encrypted: new Set(),
  });

/**
 * Where a stack runs, whatever else is wrong with its settings: what runs can be told, logged and removed all the same.
 * @throws SettingsError where no such target is known, Failure where nobody described the stack.
 */
export function targetOf(checkout: string, stack: string): Settings["target"] {
  const { target, promotesFrom } = writtenSettings(committedFile(checkout, stack));
  const { RALEX_TARGET } = readDotenv(checkout).dotenv;
  return loadSettings({
    environment: { RALEX_TARGET: process.env.RALEX_TARGET },
    dotenv: RALEX_TARGET === undefined ? {} : { RALEX_TARGET },
    stack: { target, promotesFrom },
  }).target;
}
