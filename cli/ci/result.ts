/**
 * What a preview of one stack has found: what `./ralex ci preview` writes and `./ralex ci comment` reads. It has names of
 * properties, and no value but image digests and counts; so it may go from one job to another.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { EXIT, Failure } from "../failure";
import { replaceFile } from "../replace-file";

export const FORMAT = "ralex-preview/1";

/** A result of a fork's preview is anybody's file: larger than this, in bytes, it is not read. */
const LARGEST = 16 * 2 ** 20;

const text = (most: number) => z.string().max(most);
const NAME = text(1_000);
const LONG = text(20_000);
const DIGEST = z.string().regex(/^[0-9a-f]{64}$/);

const OPERATION = z.enum(["create", "update", "replace", "delete", "import"]);

const PROPERTY = z.strictObject({
  /** As the engine writes it: `spec.template.spec.containers[0].image`. */
  path: NAME,
  kind: z.enum(["add", "update", "delete"]),
  /** Only of properties whose values may be shown. */
  before: NAME.optional(),
  after: NAME.optional(),
});

const CHANGE = z.strictObject({
  operation: OPERATION,
  urn: LONG,
  type: NAME,
  name: NAME,
  properties: z.array(PROPERTY).readonly(),
  /** Properties that are not listed, for there are too many. */
  moreProperties: z.int().min(1).optional(),
  /** Properties that make a replacement necessary. */
  reasons: z.array(NAME).readonly(),
  /** What a deletion leaves where it is (`retainOnDelete`). */
  retained: z.literal(true).optional(),
});

const FINDING = z.strictObject({
  pack: NAME,
  version: NAME.optional(),
  rule: NAME,
  /** Whether it refuses the change: the rule is mandatory. */
  refuses: z.boolean(),
  urn: LONG.optional(),
  message: LONG,
});

const MESSAGE = z.strictObject({ urn: LONG.optional(), text: LONG });

const IMAGE = z.strictObject({
  name: NAME,
  /** SHA-256 of the manifest, 64 hexadecimal digits; absent where there was, or will be, no such image. */
  before: DIGEST.optional(),
  after: DIGEST.optional(),
  /** Compressed, in bytes, on one platform; absent where nobody has measured it. */
  bytesBefore: z.int().min(0).optional(),
  bytesAfter: z.int().min(0).optional(),
});

const RELEASE = z.strictObject({
  /** Id of the release that runs; absent where none does. */
  before: NAME.optional(),
  after: NAME,
  /** The images that differ. */
  images: z.array(IMAGE).readonly(),
});

export const OUTCOMES = ["failed", "refused", "timed out", "cancelled", "changed", "unchanged"] as const;

export const RESULT = z.strictObject({
  format: z.literal(FORMAT),
  project: NAME,
  stack: NAME,
  outcome: z.enum(OUTCOMES).meta({
    description: "refused: by a policy, or by what decides whether a release may run there; failed: by anything else",
  }),
  exitCode: z.int().min(0).max(255),
  startedAt: z.iso.datetime(),
  /** Of the whole preview, what goes before the engine included. */
  seconds: z.number().min(0),
  /** Commit that is checked out. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
  /** Version of Pulumi. */
  pulumi: NAME.optional(),
  changes: z.array(CHANGE).readonly(),
  unchanged: z.int().min(0),
  findings: z.array(FINDING).readonly(),
  errors: z.array(MESSAGE).readonly(),
  warnings: z.array(MESSAGE).readonly(),
  release: RELEASE.optional(),
  /** How many changes, findings, errors and warnings there were beyond those listed. */
  omitted: z.int().min(0),
});

export type Operation = z.infer<typeof OPERATION>;
export type ChangedProperty = Readonly<z.infer<typeof PROPERTY>>;
export type Change = Readonly<z.infer<typeof CHANGE>>;
export type Finding = Readonly<z.infer<typeof FINDING>>;
export type Message = Readonly<z.infer<typeof MESSAGE>>;
export type ReleaseChange = Readonly<z.infer<typeof RELEASE>>;
export type Outcome = (typeof OUTCOMES)[number];
export type PreviewResult = Readonly<z.infer<typeof RESULT>>;

/** Of each list this many are kept in a result. */
const MOST = { changes: 20_000, findings: 2_000, errors: 50, warnings: 50 } as const;

/** A result without what is too long or too much for one; what is left out of its lists is counted. */
export function bounded(result: Omit<PreviewResult, "format" | "omitted">): PreviewResult {
  const { changes, findings, errors, warnings } = result;
  const lists = { changes, findings, errors, warnings };
  const omitted = (Object.keys(MOST) as (keyof typeof MOST)[]).reduce(
    (sum, key) => sum + Math.max(0, lists[key].length - MOST[key]),
    0,
  );
  const whole = {
    format: FORMAT,
    ...result,
    changes: changes.slice(0, MOST.changes),
    findings: findings.slice(0, MOST.findings),
    errors: errors.slice(0, MOST.errors),
    warnings: warnings.slice(0, MOST.warnings),
    omitted,
  };
  return RESULT.parse(cut(whole));
}

/** Texts at their bounds: of a message its end is the news, of everything else its beginning. */
function cut(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    const most = key === "urn" || key === "message" || key === "text" ? 20_000 : 1_000;
    if (value.length <= most) return value;
    return key === "text" ? `…${value.slice(1 - most)}` : `${value.slice(0, most - 1)}…`;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => cut(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]: [string, unknown]) => [name, cut(item, name)]));
}

/** Writes `<folder>/<stack>.json`. @returns its path. */
export function writeResult(folder: string, result: PreviewResult): string {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${result.stack}.json`);
  replaceFile(file, `${JSON.stringify(result, null, 2)}\n`, 0o600);
  return file;
}

/** @throws Failure for a file that is no result, or too large to be one. */
export function readResult(file: string): PreviewResult {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw new Failure(`${file} is no file: ./ralex ci preview writes one for each stack`);
  if (stat.size > LARGEST) {
    throw new Failure(`${file} has ${stat.size} bytes, and a result has ${LARGEST} at most`, EXIT.refused);
  }
  let document: unknown;
  try {
    document = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    throw new Failure(`${file} is no JSON: ./ralex ci preview writes it, or its job was ended while it did`);
  }
  const { data, error } = RESULT.safeParse(document);
  if (data !== undefined) return data;
  // Only where it is wrong: nothing of a file that is not understood is repeated.
  const places = error.issues.slice(0, 5).map(({ path: at, code }) => `${at.join(".") || "the whole"}: ${code}`);
  throw new Failure(
    `${file} is no result (${FORMAT}): ${places.join("; ")}; ./ralex ci preview writes one`,
    EXIT.refused,
  );
}
