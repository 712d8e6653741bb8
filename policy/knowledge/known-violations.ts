/** What a rollback knows of the release that runs: its violations are shown, and do not stop the way back. */
import * as fs from "node:fs";
import { z } from "zod";

/** Variable that names the file; a rollback alone sets it. */
export const KNOWN_VIOLATIONS = "RALEX_POLICY_KNOWN_VIOLATIONS";

const FILE = z.array(z.string());

/** @throws Error where the variable names a file that is none: then nothing is let through. */
export function knownFrom(environment: NodeJS.ProcessEnv): ReadonlySet<string> {
  const file = environment[KNOWN_VIOLATIONS];
  if (file === undefined || file === "") return new Set();
  return new Set(FILE.parse(JSON.parse(fs.readFileSync(file, "utf8"))));
}

export const writeKnown = (file: string, keys: readonly string[]): void =>
  fs.writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
