/** Ralex on the target that `ralex:target` names; only that target's SDK is loaded. */
import * as path from "node:path";
import { SettingsError } from "../components/settings/load";
import { programError } from "./program-error";
import { readStackSettings, type StackSettings } from "./stack-settings";

/** What every `stacks/<target>.ts` has. */
interface TargetProgram {
  /** @returns the stack's outputs: those of TargetOutputs, and the target's own. */
  deploy(stack: StackSettings, checkout: string): Promise<Record<string, unknown>>;
}

const CHECKOUT = path.resolve(__dirname, "..");

export = async (): Promise<Record<string, unknown>> => {
  const stack = settingsOrError();
  const { deploy } = (await import(`./${stack.settings.target}`)) as TargetProgram;
  return deploy(stack, CHECKOUT);
};

function settingsOrError(): StackSettings {
  try {
    return readStackSettings(CHECKOUT);
  } catch (error) {
    throw error instanceof SettingsError ? programError(error.message) : error;
  }
}
