/** What the probe writes about a deployment, on whatever platform it ran. */
import { z } from "zod";
import type { Check, Verification } from "../app/outputs";

// A probe that checked nothing has verified nothing.
const SAID = z.object({
  checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })).min(1),
});

/** The checks in a probe's last line; undefined for anything else. */
export function probeReport(text: string): readonly Check[] | undefined {
  try {
    return SAID.parse(JSON.parse(text.trim().split("\n").at(-1) ?? "")).checks;
  } catch {
    return undefined;
  }
}

/** That the probe could not say anything. @param said - whatever it wrote instead. */
export const probeFailed = (said: string, otherwise: string): readonly Check[] => [
  { name: "the probe runs", passed: false, detail: said.trim().split("\n").at(-1)?.slice(0, 300) || otherwise },
];

/** `passed` is computed from the checks and from nothing else. */
export const verificationOf = (checks: readonly Check[]): Verification => ({
  passed: checks.every(({ passed }) => passed),
  at: new Date().toISOString(),
  checks,
});

/** @throws Error that names every check that failed. */
export function requirePassed({ checks }: Verification): void {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const lines = failed.map(({ name, detail }) => `  not so: ${name} (${detail})`).join("\n");
  throw new Error(`the deployment is up, but ${failed.length} of ${checks.length} checks failed:\n${lines}`);
}
