/**
 * Takes secrets out of text that may repeat one. Pulumi itself replaces what the configuration encrypts; it does not know
 * the secrets of the machine, and not those that a program makes and then says in an error.
 */
import * as fs from "node:fs";
import type { EngineEvent } from "./stream";

/** Pulumi's own word. */
const MASK = "[secret]";

/** Fewer characters than this are found in harmless words. */
const SHORTEST = 5;

/** Names of variables that hold a secret, on a laptop or in a pipeline. */
const SECRET_VARIABLE = /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|(^|_)(API|ACCESS|PRIVATE|SIGNING)?_?KEY$/i;

/** Names that match, and hold no secret. */
const HARMLESS = /_(FILE|PATH|URL|DIR)$|^AWS_ACCESS_KEY_ID$/i;

/** How Node's runtime prints a secret input in the debugging lines of an event log: in clear, behind these two words. */
const PRINTED_SECRET = /4dabf18193072939515e22adb298388d,,,1b47061264138c4ac30d75fd1eb44270,value,,,(.+?)(?=,,|\n|$)/g;

/** Forms that are a secret wherever they stand; the first group is kept. */
const FORMS: readonly RegExp[] = [
  // The password of an address.
  /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,256}:)[^\s@/]{1,256}(?=@)/gi,
  /(\b(?:authorization|proxy-authorization)["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)\s{1,4})[^\s"',;]+/gi,
  /(\bbearer\s{1,4})[\w.~+/=-]{16,}/gi,
  /()-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /()\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[A-Z0-9]{16})/g,
];

export type Redact = (text: string) => string;

/** The values of an environment that are secret by their name, and the content of the file with the passphrase. */
export function secretsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  const values = Object.entries(environment)
    .filter(([name]) => SECRET_VARIABLE.test(name) && !HARMLESS.test(name))
    .flatMap(([, value]) => value ?? []);
  const file = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  const passphrase = file !== undefined && fs.existsSync(file) ? [fs.readFileSync(file, "utf8").trim()] : [];
  return [...values, ...passphrase];
}

/**
 * Secrets that the program made, as far as the engine was told of them before the log ended: it has them for debugging, and
 * so is never kept.
 */
export const secretsInEvents = (events: readonly EngineEvent[]): readonly string[] =>
  events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.severity === "debug"
      ? [...diagnosticEvent.message.matchAll(PRINTED_SECRET)].flatMap(([, value = ""]) => [
          value,
          // Where another property follows, its name is behind a comma; a secret may have a comma of its own.
          value.replace(/,[^,]*$/, ""),
        ])
      : [],
  );

/** @param secrets - values to take out wherever they stand, each of their lines too. */
export function redactor(secrets: readonly string[]): Redact {
  const wanted = [...new Set(secrets.flatMap((secret) => [secret, ...secret.split("\n")]).map((text) => text.trim()))]
    .filter((text) => text.length >= SHORTEST && text !== MASK)
    // The longest first: one may be a part of another.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const without = wanted.reduce((left, secret) => left.replaceAll(secret, MASK), text);
    return FORMS.reduce((left, form) => left.replace(form, `$1${MASK}`), without);
  };
}

/** Every text at any depth, redacted; keys as well. */
export function redactAll<T>(value: T, redact: Redact): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactAll(item, redact)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [redact(key), redactAll(item, redact)]),
  ) as T;
}
