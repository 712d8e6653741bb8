import Table from "cli-table3";
import type { Command } from "commander";
import { PLAIN_SETTINGS, SECRET_SETTINGS } from "../components/settings/schema";
import { committedSecrets, committedSettings } from "./drift/settings";
import { committedFile, type StackFile } from "./stack-config";

/** Something that two environments do not have in common; null where it is not set. */
export interface EnvironmentDifference {
  /** A setting's key, `release`, or `image <name>`. */
  readonly what: string;
  readonly one: string | null;
  readonly other: string | null;
}

/** `./ralex diff`: what two environments' committed files make different. Reads the two files and nothing else. */
export function registerDiff(program: Command, checkout: string): void {
  program
    .command("diff")
    .description("show what differs between two environments in settings and pinned release, secrets masked")
    .argument("<one>", "an environment")
    .argument("<other>", "the environment to compare it with")
    .option("--json", "print JSON")
    .action((one: string, other: string, { json }: { json?: true }) => {
      const differences = environmentDifferences(committedFile(checkout, one), committedFile(checkout, other));
      if (json === true) {
        console.log(JSON.stringify({ one, other, differences }, null, 2));
        return;
      }
      if (differences.length === 0) {
        console.log(`${one} and ${other} have the same settings and the same release.`);
        return;
      }
      const table = new Table({ head: ["", one, other], style: { head: [], border: [] } });
      for (const { what, one: left, other: right } of differences) {
        table.push([what, left ?? "not set", right ?? "not set"]);
      }
      console.log(table.toString());
    });
}

/**
 * Effective settings with their defaults, then the pins with their digests. Of a secret only whether it is set is told.
 * @throws SettingsError when one of the files is wrong.
 */
export function environmentDifferences(one: StackFile, other: StackFile): readonly EnvironmentDifference[] {
  const [left, right] = [described(one), described(other)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((what) => ({ what, one: left.get(what) ?? null, other: right.get(what) ?? null }))
    .filter((row) => row.one !== row.other);
}

function described(file: StackFile): ReadonlyMap<string, string> {
  const settings = committedSettings(file);
  const secrets = committedSecrets(file);
  const rows = new Map<string, string>();
  for (const key of Object.keys(PLAIN_SETTINGS) as (keyof typeof PLAIN_SETTINGS)[]) {
    const value = settings[key];
    if (value !== undefined) rows.set(key, String(value));
  }
  for (const key of Object.keys(SECRET_SETTINGS)) if (secrets.has(key)) rows.set(key, "set");
  const unpinned = settings.promotesFrom === undefined ? "the working tree" : "none pinned";
  rows.set("release", settings.release?.id ?? unpinned);
  for (const [name, ref] of Object.entries(settings.release?.images ?? {}).sort()) rows.set(`image ${name}`, ref);
  return rows;
}
