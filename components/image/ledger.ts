/** What an environment's ledger holds: every release that was verified there, newest first. */
import { z } from "zod";
import { RELEASE_IMAGE, SCHEMA } from "./releases";

export const LEDGER_PROJECT = "ralex-ledger";
export const LEDGER_OUTPUT = "verifiedReleases";
/** Entries that a ledger keeps. */
export const MOST_ENTRIES = 200;

const ENTRY = z.strictObject({
  /** Id of the release. */
  id: z.string().min(1),
  /** Every image of the release, for whatever target. */
  images: z.record(z.string(), RELEASE_IMAGE),
  /** Names of those that ran here, and so were verified. */
  ran: z.array(z.string()).readonly(),
  /** Commit that the release was built from. */
  revision: z.string(),
  /** When it was built: ISO 8601, UTC. */
  createdAt: z.string(),
  schema: SCHEMA,
  /** When the checks passed: ISO 8601, UTC. */
  at: z.string(),
  /** Who published it. */
  actor: z.string(),
  checks: z.array(z.strictObject({ name: z.string(), passed: z.literal(true), detail: z.string() })).min(1),
});

export type LedgerEntry = z.infer<typeof ENTRY>;

const JSON_ENTRY = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: `no JSON: ${(error as Error).message}` });
      return z.NEVER;
    }
  })
  .pipe(ENTRY);

const problemsOf = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");

/**
 * Reads a ledger's output; nothing exported yet is an empty ledger.
 * @throws Error when it is not a list of verified releases.
 */
export function readLedger(output: unknown, environment: string): readonly LedgerEntry[] {
  const parsed = z.array(ENTRY).safeParse(output ?? []);
  if (parsed.success) return parsed.data;
  throw new Error(
    `the output ${LEDGER_OUTPUT} of ${LEDGER_PROJECT}/${environment} is no ledger: ${problemsOf(parsed.error)}`,
  );
}

/** @throws Error when the text is no entry; one with a failed check is none. */
export function parseEntry(text: string): LedgerEntry {
  const parsed = JSON_ENTRY.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`the entry is not that of a verified release: ${problemsOf(parsed.error)}`);
}

/** Adds an entry in front, unless the newest one is of the same verification: then nothing changes. */
export function withEntry(earlier: readonly LedgerEntry[], entry: LedgerEntry): readonly LedgerEntry[] {
  const newest = earlier[0];
  if (newest !== undefined && newest.at === entry.at && isRelease(newest, entry)) return earlier;
  return [entry, ...earlier].slice(0, MOST_ENTRIES);
}

/** A release as a pin or as a record has it. */
export interface Named {
  readonly id: string;
  readonly images: Readonly<Record<string, string | { readonly ref: string }>>;
}

/** `repository@sha256:…` of an image of a pin or of a record. */
export const refOf = (image: string | { readonly ref: string } | undefined): string | undefined =>
  typeof image === "object" ? image.ref : image;

/** Whether two releases are the same: their id, and every image byte for byte. */
export function isRelease(one: Named, other: Named): boolean {
  const names = Object.keys(one.images);
  return (
    one.id === other.id &&
    names.length === Object.keys(other.images).length &&
    names.every((name) => refOf(one.images[name]) === refOf(other.images[name]))
  );
}
