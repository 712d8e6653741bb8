/** The evidence of a whole release: made after a build, judged before a promotion. */
import {
  EvidenceError,
  gate,
  readEvidence,
  rulesFor,
  vulnerabilityCounts,
  type Evidence,
  type Trust,
} from "../../components/image/evidence";
import type { Pin } from "../../components/image/pin-check";
import type { ReleaseRecord } from "../../components/image/releases";
import { collectEvidence } from "../evidence/collect";
import { pullEvidence } from "../evidence/store";
import { checkoutTrust } from "../evidence/trust";
import { EXIT, Failure } from "../failure";

/** By image; undefined where there is none. */
export type ReleaseEvidence = Readonly<Record<string, Evidence | undefined>>;

/** Looks at every image of a release, one after the other: each check keeps all cores busy by itself. */
export async function collectRelease(checkout: string, release: ReleaseRecord): Promise<ReleaseEvidence> {
  const collected: Record<string, Evidence> = {};
  for (const [name, { ref, platforms }] of Object.entries(release.images)) {
    collected[name] = await collectEvidence(checkout, { name, ref, platforms, revision: release.revision });
  }
  return collected;
}

/** The file of this checkout, or what is kept beside the image in its registry. @throws Failure for an altered one. */
export async function releaseEvidence(
  checkout: string,
  { images }: Pin,
  trust?: () => Trust,
): Promise<ReleaseEvidence> {
  const whose = trust ?? (await checkoutTrust(checkout));
  const found = await Promise.all(
    Object.entries(images).map(async ([name, ref]) => [name, await findEvidence(checkout, ref, whose)] as const),
  );
  return Object.fromEntries(found);
}

/** The record of one image, wherever it is kept. @throws Failure for one that is no evidence, or was altered. */
export async function findEvidence(checkout: string, ref: string, trust?: () => Trust): Promise<Evidence | undefined> {
  const whose = trust ?? (await checkoutTrust(checkout));
  try {
    return readEvidence(checkout, ref, whose) ?? (await pullEvidence(checkout, ref, whose));
  } catch (error) {
    // No proof is what a gate is for: it refuses, as it does where there is no record.
    if (error instanceof EvidenceError) throw new Failure(error.message, EXIT.refused);
    throw error;
  }
}

/** Why a release may not go on, and what nobody looked at: sentences that begin with the image. */
export function judgeRelease(evidence: ReleaseEvidence): {
  readonly problems: readonly string[];
  readonly notChecked: readonly string[];
} {
  const verdicts = Object.entries(evidence).map(([name, one]) => ({ name, ...gate(one, rulesFor(name)) }));
  const sentences = (of: "problems" | "notChecked") =>
    verdicts.flatMap((verdict) => verdict[of].map((text) => `image ${verdict.name}: ${text}`));
  return { problems: sentences("problems"), notChecked: sentences("notChecked") };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Compressed size per platform in MB, and fixable vulnerabilities, of an image. */
export function facts(evidence: Evidence | undefined): { readonly sizes: string; readonly vulnerabilities: string } {
  if (evidence === undefined) return { sizes: "no evidence", vulnerabilities: "no evidence" };
  const sizes = Object.entries(evidence.platforms).map(
    ([platform, { compressedBytes }]) => `${platform} ${megabytes(compressedBytes)}`,
  );
  const counts = vulnerabilityCounts(evidence);
  const { critical = 0, high = 0 } = counts?.bySeverity ?? {};
  return {
    sizes: sizes.join("\n"),
    vulnerabilities:
      counts === undefined ? "not checked" : `${critical} critical, ${high} high, ${counts.fixable} fixable`,
  };
}
