/** Ralex on the target that `ralex:target` names; only that target's SDK is loaded. */
import * as path from "node:path";
import { readStackSettings } from "./stack-settings";

const CHECKOUT = path.resolve(__dirname, "..");

export = async (): Promise<Record<string, unknown>> => {
  const stack = readStackSettings(CHECKOUT);
  switch (stack.settings.target) {
    case "docker":
      return (await import("./docker")).deploy(stack, CHECKOUT);
  }
};
