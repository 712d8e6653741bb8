/** Whether the last update had the settings that are committed now. */
import { z } from "zod";
import { loadSettings } from "../../components/settings/load";
import { PLAIN_SETTINGS, SECRET_SETTINGS, type Settings } from "../../components/settings/schema";
import { PASSWORD_OF } from "../../components/settings/store-url";
import { sealedSettings, writtenSettings, type StackFile } from "../stack-config";
import { PROJECT } from "../project";
import type { Workspace } from "../workspace";
import { SECRET, type Difference } from "./report";
import { shown } from "./shown";

/** Updates that are looked through for the last one that was no refresh and no removal. */
const LOOKED_AT = 20;
/** Settings that a command decides (start, stop), and not the file. */
const OF_COMMANDS: ReadonlySet<string> = new Set(["running"]);

const HISTORY = z.array(
  z.looseObject({
    kind: z.string(),
    config: z.record(z.string(), z.looseObject({ value: z.string().optional(), secret: z.boolean().optional() })),
  }),
);

/** The configuration of one update, as the backend has recorded it; secret values are not in it. */
export type UpdateConfig = z.infer<typeof HISTORY>[number]["config"];

/**
 * The configuration of the last update, from the engine's own record of it: a file of this checkout may have been
 * written for an update that never ran, and says nothing of what another machine did.
 */
export async function lastUpdate(workspace: Workspace, stack: string): Promise<UpdateConfig | undefined> {
  const args = ["stack", "history", "--json", "--page-size", String(LOOKED_AT)];
  const text = await workspace.capture([...args, "--stack", await workspace.stackName(PROJECT, stack)]);
  return HISTORY.parse(JSON.parse(text)).find(({ kind }) => kind === "update")?.config;
}

/** The settings of a committed file with their defaults; what the environment or `.env` add is no part of it. */
export function committedSettings(file: StackFile): Settings {
  const stack = writtenSettings(file);
  // The local stack may have them in `.env`.
  const passwords = Object.entries(PASSWORD_OF).flatMap(([url, password]) => (url in stack ? [password] : []));
  return loadSettings({ environment: {}, dotenv: {}, stack, sealed: new Set([...sealedSettings(file), ...passwords]) });
}

/** Secret settings that a file sets, encrypted or not. */
export const committedSecrets = (file: StackFile): ReadonlySet<string> =>
  new Set(
    Object.keys(SECRET_SETTINGS).filter((key) => {
      const value = file.config?.[`${PROJECT}:${key}`];
      return value !== undefined && value !== null && value !== "";
    }),
  );

/** @param subject - name of the committed file. */
export function settingDifferences(subject: string, file: StackFile, updated: UpdateConfig): readonly Difference[] {
  const committed = committedSettings(file);
  const secrets = committedSecrets(file);
  const was = (key: string): string | undefined => updated[`${PROJECT}:${key}`]?.value || undefined;
  const differences: Difference[] = [];
  const compare = (property: string, expected: string | undefined, actual: string | undefined) => {
    if (expected !== actual) {
      const [to, from] = [expected ?? "not set", actual ?? "not set"];
      differences.push({ from: "setting", subject, property, expected: to, actual: from });
    }
  };
  for (const [key, schema] of Object.entries(PLAIN_SETTINGS)) {
    if (OF_COMMANDS.has(key)) continue;
    // A setting that is newer than the update had its default.
    const fallback = textOf(schema.safeParse(undefined).data);
    compare(key, textOf(committed[key as keyof typeof PLAIN_SETTINGS]), was(key) ?? fallback);
  }
  for (const key of Object.keys(SECRET_SETTINGS)) {
    const entry = updated[`${PROJECT}:${key}`];
    const wasSet = entry?.secret === true || (entry?.value ?? "") !== "";
    compare(key, secrets.has(key) ? "set" : undefined, wasSet ? "set" : undefined);
  }
  compare("release", releaseText(committed.release), releaseText(parsed(was("release"))));
  for (const [name, entry] of Object.entries(updated)) {
    const key = name.startsWith(`${PROJECT}:`) ? name.slice(PROJECT.length + 1) : undefined;
    if (key === undefined || key === "release" || key in PLAIN_SETTINGS || key in SECRET_SETTINGS) continue;
    compare(key, undefined, entry.secret === true ? SECRET : shown(entry.value));
  }
  return differences;
}

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

const PIN = z.looseObject({ id: z.string(), images: z.record(z.string(), z.string()) });

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A pin in one form, whatever the order of its images. */
function releaseText(release: unknown): string | undefined {
  const pin = PIN.safeParse(release);
  if (!pin.success) return undefined;
  const images = Object.entries(pin.data.images).sort(([a], [b]) => (a < b ? -1 : 1));
  return [pin.data.id, ...images.map(([name, ref]) => `${name} ${ref}`)].join(", ");
}
