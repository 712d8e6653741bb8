/** The configuration of the pack for a stack: `policy/config/<stack>.json`. */
import { z } from "zod";

const EXCEPTION = z.strictObject({
  /** Id of the rule that is excepted. */
  rule: z.string().regex(/^[A-Z0-9]+-\d{2}$/, "must be a rule's id, IMG-01 for instance"),
  /** Which resources: a URN, in which `*` stands for any characters. */
  urn: z.string().min(1),
  reason: z.string().min(1),
  /** Who answers for it. */
  owner: z.string().min(1),
  /** Day from which it counts no more. */
  expires: z.iso.date(),
});

export type Exception = z.infer<typeof EXCEPTION>;

export const CONFIGURATION = z.strictObject({
  /** For editors. */
  $schema: z.string().optional(),
  /** Registries and repositories that images may come from; each allows what is below it. Empty: any. */
  registries: z.array(z.string().min(1)).default([]),
  /** Unpacked bytes that a platform of one of our own images may take, in MB (10^6). */
  budgets: z
    .strictObject({ productionMB: z.int().min(1).default(500), developmentMB: z.int().min(1).default(800) })
    .prefault({}),
  /** Oldest evidence that is still believed, in days. */
  mostEvidenceDays: z.int().min(1).default(90),
  /** `unavailable`: no database of vulnerabilities is reachable, and every report says so. */
  vulnerabilityEvidence: z.enum(["required", "unavailable"]).default("required"),
  /** Platforms that our own images have to be for. */
  platforms: z
    .array(z.string().regex(/^linux\/[a-z0-9]+$/))
    .min(1)
    .default(["linux/amd64", "linux/arm64"]),
  /** Environments in order of promotion: each takes releases from the one before it, and from no other. */
  environments: z.array(z.string().min(1)).default([]),
  /** Namespaces whose pods may reach the host, for a collector of logs for instance. */
  hostAccessNamespaces: z.array(z.string().min(1)).default([]),
  /** Whether safe defaults are put where nothing is said; only where no releases are promoted to. */
  remediate: z.boolean().default(false),
  /** Whether what cannot be decided fails; by default in CI. */
  failOnUndecided: z.boolean().optional(),
  exceptions: z.array(EXCEPTION).default([]),
});

export type Configuration = z.infer<typeof CONFIGURATION>;

/** The configuration is no JSON or says what it cannot; the message has every problem. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

export const DEFAULTS: Configuration = CONFIGURATION.parse({});

/** @param file - where the text is from, for the message. @throws ConfigurationError with every problem. */
export function parseConfiguration(text: string, file: string): Configuration {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${file} is no JSON: ${(error as Error).message}`);
  }
  const parsed = CONFIGURATION.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the document"}: ${message}`);
  throw new ConfigurationError(`${file} is no configuration of the policy pack:\n  ${problems.join("\n  ")}`);
}
