/**
 * The evidence of one image digest: what was measured, scanned and signed, by which tool and when.
 *
 * A check that could not be made is `{status: "not checked", reason}`. It has no results, so that nobody can take it for
 * a clean one.
 */
import { z } from "zod";
import { ImageRef, ImageRefError } from "../image-ref";

/** Type of the artifact that keeps the record beside the image, and of the file in it. */
export const EVIDENCE_TYPE = "application/vnd.ralex.evidence.v1+json";
export const SBOM_TYPE = "application/spdx+json";

const DIGEST = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 lower-case hexadecimal digits");
const PLATFORM = z
  .string()
  .regex(/^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9]+)?$/, "must be a platform, linux/amd64 for instance");
/** ISO 8601, UTC. */
const TIME = z.iso.datetime();
const BYTES = z.int().min(0);

const IMAGE = z.string().superRefine((value, context) => {
  try {
    ImageRef.parse(value);
  } catch (error) {
    if (!(error instanceof ImageRefError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
});

const NOT_CHECKED = z.strictObject({ status: z.literal("not checked"), reason: z.string().min(1) });

/** A check: its results with the tool that found them, or the reason why there are none. */
const check = <Results extends z.ZodRawShape>(results: Results) =>
  z.discriminatedUnion("status", [
    z.strictObject({
      status: z.literal("checked"),
      ...results,
      tool: z.string().min(1),
      toolVersion: z.string().min(1),
      at: TIME,
    }),
    NOT_CHECKED,
  ]);

export const SEVERITIES = ["critical", "high", "medium", "low", "unknown"] as const;
const SEVERITY = z.enum(SEVERITIES);

const PLATFORM_EVIDENCE = z.strictObject({
  /** Of the platform's own manifest. */
  digest: DIGEST,
  /** Layers and configuration, as they are pulled. */
  compressedBytes: BYTES,
  /** The layers' tar archives. */
  unpackedBytes: BYTES,
  /** As the image's configuration has it; empty is root. */
  user: z.string(),
  /** `true` only where the user is a number other than 0, or a name of the image's own /etc/passwd with such a number. */
  nonRoot: z.boolean(),
  /** Files of the whole filesystem that run with the rights of their owner or group. */
  setuidFiles: z.array(z.string()),
  /** From the start of a container until `/health` answers 200. */
  startSeconds: check({ seconds: z.number().min(0) }),
});

const MISCONFIGURATION = z.strictObject({
  id: z.string().min(1),
  severity: SEVERITY,
  title: z.string(),
  /** The Dockerfile, or the platform whose configuration it is. */
  target: z.string().min(1),
});

/** A secret's place. What was found is never repeated. */
const SECRET = z.strictObject({
  rule: z.string().min(1),
  severity: SEVERITY,
  /** File in the image, or the part of its configuration. */
  target: z.string().min(1),
  line: z.int().min(0),
  platform: PLATFORM,
});

const VULNERABILITY = z.strictObject({
  id: z.string().min(1),
  severity: SEVERITY,
  package: z.string().min(1),
  installed: z.string(),
  /** Version that mends it; `null` while there is none. */
  fixed: z.string().nullable(),
  platform: PLATFORM,
});

const PROVENANCE = z.strictObject({
  /** Of the attestation's manifest in the image's index. */
  attestation: DIGEST,
  predicateType: z.string().min(1),
  /** `null` where the build did not name its builder. */
  builder: z.string().min(1).nullable(),
  buildType: z.string(),
  materials: z.array(z.strictObject({ uri: z.string(), digest: z.string() })),
});

const byPlatform = <Value extends z.ZodType>(value: Value) =>
  z.record(PLATFORM, value).refine((entries) => Object.keys(entries).length > 0, "has no platform");

const FACTS = {
  image: IMAGE,
  /** Commit that the image was built from. */
  revision: z.string().min(1),
  createdAt: TIME,
  platforms: byPlatform(PLATFORM_EVIDENCE),
  /** SPDX documents: each is a referrer of the image, by the digest of its manifest. */
  sbom: check({ documents: byPlatform(z.strictObject({ referrer: DIGEST, packages: z.int().min(0) })) }),
  provenance: check({ attestations: byPlatform(PROVENANCE) }),
  misconfiguration: check({ targets: z.array(z.string()).min(1), findings: z.array(MISCONFIGURATION) }),
  secrets: check({ findings: z.array(SECRET) }),
  vulnerabilities: check({
    /** When the database was made. */
    databaseAt: TIME,
    /** Distribution by platform; `null` where the image lists no packages of one, so that those were not compared. */
    operatingSystems: byPlatform(z.string().min(1).nullable()),
    findings: z.array(VULNERABILITY),
  }),
  /** Of the image's index, and verified after signing. */
  signature: check({ key: DIGEST }),
};

/** What was found, before it is sealed. */
export const FINDINGS = z.strictObject(FACTS);

export const EVIDENCE = z.strictObject({
  ...FACTS,
  /** Signature of the record's canonical JSON without the seal, so that an edit shows. */
  seal: z.strictObject({
    /** SHA-256 of the public key. */
    key: DIGEST,
    /** Base64. */
    signature: z.base64().min(1),
  }),
});

export type Findings = z.infer<typeof FINDINGS>;
export type Evidence = z.infer<typeof EVIDENCE>;
export type PlatformEvidence = z.infer<typeof PLATFORM_EVIDENCE>;
export type NotChecked = z.infer<typeof NOT_CHECKED>;
export type Severity = z.infer<typeof SEVERITY>;
export type Misconfiguration = z.infer<typeof MISCONFIGURATION>;
export type Secret = z.infer<typeof SECRET>;
export type Vulnerability = z.infer<typeof VULNERABILITY>;
export type Provenance = z.infer<typeof PROVENANCE>;
/** Names of the checks of a whole image. */
export const CHECKS = ["sbom", "provenance", "misconfiguration", "secrets", "vulnerabilities", "signature"] as const;
export type CheckName = (typeof CHECKS)[number];

export const notChecked = (reason: string): NotChecked => ({ status: "not checked", reason });
