/** A stack's settings as the commands read them, without Pulumi. */
import { loadSettings } from "../components/settings/load";
import type { Settings } from "../components/settings/schema";
import { readDotenv } from "../components/settings/dotenv";
import { writtenSettings, type StackFile } from "./stack-config";

/** @throws SettingsError with every problem. */
export const settingsOf = (checkout: string, file: StackFile): Settings =>
  loadSettings({
    environment: process.env,
    ...readDotenv(checkout),
    stack: writtenSettings(file),
    // What is left of the file: nothing encrypted.
    encrypted: new Set(),
  });
