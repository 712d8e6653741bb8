/** The `config` block of Pulumi.yaml, from the one table of settings. */
import { z } from "zod";
import { PLAIN_SETTINGS, SECRET_SETTINGS } from "./schema";

export interface ConfigDeclaration {
  readonly type: "string" | "integer" | "boolean";
  readonly default?: string | number | boolean;
  readonly description: string;
}

/**
 * Declarations by key. A setting without a default is declared with the empty text, which means "not set": Pulumi
 * demands a value for every key that has none, and refuses an empty default for a secret. `release` is an object, for which Pulumi has no declaration.
 */
export function projectConfig(): Readonly<Record<string, ConfigDeclaration>> {
  const declared: Record<string, ConfigDeclaration> = {};
  for (const [key, schema] of Object.entries(PLAIN_SETTINGS)) {
    const fallback = schema.safeParse(undefined).data as string | number | boolean | undefined;
    declared[key] = {
      type: typeof fallback === "number" ? "integer" : typeof fallback === "boolean" ? "boolean" : "string",
      default: fallback ?? "",
      description: z.globalRegistry.get(schema)?.description ?? "",
    };
  }
  for (const [key, description] of Object.entries(SECRET_SETTINGS)) {
    declared[key] = { type: "string", default: "", description: `${description} (set it with --secret)` };
  }
  return declared;
}
