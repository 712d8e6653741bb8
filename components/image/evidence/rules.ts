/** What is demanded of an image before it may go on. */
import { PLATFORMS } from "../platforms";
import type { ReleaseImage } from "../releases";
import { isOwn } from "../third-party";
import type { CheckName } from "./record";

/** A vulnerability that is let through until a day, for a reason. */
export interface VulnerabilityException {
  readonly id: string;
  readonly reason: string;
  /** ISO 8601; from then on it counts again. */
  readonly expires: string;
}

export interface GateRules {
  /** Platforms that the image has to have. */
  readonly platforms: readonly string[];
  /** Whether we build it: then its user, its files and its configuration are ours to mend. */
  readonly isOwn: boolean;
  /** Most that one platform may take, in bytes. */
  readonly compressedBytes?: number;
  readonly unpackedBytes: number;
  /** Checks that have to have been made. */
  readonly required: readonly CheckName[];
  /** Vulnerabilities with a remedy that are let through, by severity. */
  readonly fixable: { readonly critical: number; readonly high: number };
  readonly exceptions: readonly VulnerabilityException[];
  /** Oldest evidence that is still believed, in days. */
  readonly mostDays?: number;
}

/** Rule IMG-04: unpacked 500 MB for what runs in prod, 800 MB for development; compressed where a goal is set. */
const BUDGETS: Readonly<Record<string, Pick<GateRules, "compressedBytes" | "unpackedBytes">>> = {
  "ralex-api": { compressedBytes: 60e6, unpackedBytes: 500e6 },
  "ralex-api-dev": { unpackedBytes: 800e6 },
};

/**
 * The rules for one of Ralex's own images. Vulnerabilities and provenance are judged where they are there: a machine
 * without a database cannot demand the one, nor a builder that attests nothing (the official docker-build provider) the
 * other. A pipeline adds them to `required`.
 */
export const rulesFor = (name: string): GateRules => ({
  platforms: PLATFORMS,
  isOwn: true,
  ...(BUDGETS[name] ?? { unpackedBytes: 500e6 }),
  required: ["sbom", "misconfiguration", "secrets", "signature"],
  fixable: { critical: 0, high: 0 },
  exceptions: [],
});

const MIB = 1024 * 1024;

/**
 * The rules for a third-party image: its budget in the lock, and no critical vulnerability that its publisher has a
 * remedy for. Its user and its files are its publisher's; Ralex starts it as a user of its own, without capabilities.
 */
const rulesForThirdParty = ({ platforms, thirdParty }: ReleaseImage): GateRules => ({
  platforms,
  isOwn: false,
  unpackedBytes: (thirdParty?.sizeBudgetMiB ?? 0) * MIB,
  required: ["sbom"],
  fixable: { critical: 0, high: Number.POSITIVE_INFINITY },
  exceptions: [],
});

/** The rules for an image of a release. */
export const rulesOf = (name: string, image: ReleaseImage): GateRules =>
  isOwn(image) ? rulesFor(name) : rulesForThirdParty(image);
