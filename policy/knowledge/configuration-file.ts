/** The pack's configuration of a stack, as a file of the checkout. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ConfigurationError, DEFAULTS, parseConfiguration, type Configuration } from "../configuration";

export const CONFIGURATIONS = "policy/config";

/** @throws ConfigurationError when there is a file and it is no configuration, with every problem of it. */
export function configurationOf(checkout: string, stack: string): Configuration {
  // A stack's name is a file's name here.
  if (!/^[\w.-]+$/.test(stack)) throw new ConfigurationError(`"${stack}" is no name of a stack`);
  const file = path.join(CONFIGURATIONS, `${stack}.json`);
  const full = path.join(checkout, file);
  if (!fs.existsSync(full)) return DEFAULTS;
  return parseConfiguration(fs.readFileSync(full, "utf8"), file);
}
