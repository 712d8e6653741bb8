/** Secrets in a stack's state: where they are, not what they are. */

/** Key and value by which the engine marks a secret in a state. */
const MARKER = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A value of a state with something else in the place of every secret. */
export function replaceSecrets(value: unknown, replacement: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => replaceSecrets(one, replacement));
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, unknown>)[MARKER] === SECRET) return replacement;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaceSecrets(one, replacement)]));
}

/** Whether a value of a state is a secret, or holds one. */
export const holdsSecret = (value: unknown): boolean =>
  JSON.stringify(value)?.includes(`"${MARKER}":"${SECRET}"`) ?? false;
