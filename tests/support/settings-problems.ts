import { loadSettings, SettingsError } from "../../components/settings/load";

/** Every problem of a stack's configuration, each behind its key. */
export function settingsProblems(stack: Record<string, unknown>): readonly string[] {
  try {
    loadSettings({ environment: {}, dotenv: {}, stack });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map(({ key, message }) => `${key}: ${message}`);
    throw error;
  }
}
