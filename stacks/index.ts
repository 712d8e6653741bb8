/** Ralex on the target that `ralex:target` names; only that target's SDK is loaded. */
import * as path from "node:path";
import { SettingsError } from "../components/settings/load";
import { programError } from "./program-error";
import { readStackSettings, type StackSettings } from "./stack-settings";

const CHECKOUT = path.resolve(__dirname, "..");

export = async (): Promise<Record<string, unknown>> => {
  const stack = settingsOrError();
  switch (stack.settings.target) {
    case "docker":
      return (await import("./docker")).deploy(stack, CHECKOUT);
  }
};

function settingsOrError(): StackSettings {
  try {
    return readStackSettings(CHECKOUT);
  } catch (error) {
    throw error instanceof SettingsError ? programError(error.message) : error;
  }
}
