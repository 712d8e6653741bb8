/** The evidence of a whole release: made after a build, judged before a promotion. */
import {
  EvidenceError,
  gate,
  readEvidence,
  rulesOf,
  vulnerabilityCounts,
  type Evidence,
  type Trust,
} from "../../components/image/evidence";
import { ImageRef } from "../../components/image/image-ref";
import type { ReleaseImage, ReleaseImages, ReleaseRecord } from "../../components/image/releases";
import { isOwn, substitutesOf } from "../../components/image/third-party";
import { collectEvidence } from "../evidence/collect";
import { shelfOf } from "../evidence/shelf";
import { pullEvidence } from "../evidence/store";
import { checkoutTrust } from "../evidence/trust";
import { EXIT, Failure } from "../failure";

/** By image; undefined where there is none. */
export type ReleaseEvidence = Readonly<Record<string, Evidence | undefined>>;

/** What stands in for an official image says nothing about it. */
const isLookedAt = ({ thirdParty }: ReleaseImage): boolean => thirdParty?.substitute !== true;

/** For a third-party image of a release: one of ours, in whose registry what is found of it is kept. */
export const besideOwnOf = (image: ReleaseImage, images: ReleaseImages): string | undefined =>
  isOwn(image) ? undefined : Object.values(images).find(isOwn)?.ref;

/** A record of an own image this old is made anew by a build, in milliseconds: vulnerabilities are found every day. */
const OLD_MS = 24 * 60 * 60_000;

/**
 * The record that an image has already, where it says as much as a new one would: nothing of a digest changes. A
 * third-party image is looked at once, and again by `./ralex evidence <image> --collect`.
 */
async function presentRecord(checkout: string, image: ReleaseImage, besideOwn: string | undefined) {
  const found = await findEvidence(checkout, image.ref, { besideOwn }).catch(() => undefined);
  const isOld = found !== undefined && Date.now() - Date.parse(found.createdAt) > OLD_MS;
  return isOwn(image) && isOld ? undefined : found;
}

/** Looks at every image of a release, one after the other: each check keeps all cores busy by itself. */
export async function collectRelease(checkout: string, release: ReleaseRecord): Promise<ReleaseEvidence> {
  const collected: Record<string, Evidence | undefined> = {};
  const { images, revision } = release;
  for (const [name, image] of Object.entries(images).filter(([, one]) => isLookedAt(one))) {
    const { ref, platforms } = image;
    const besideOwn = besideOwnOf(image, images);
    collected[name] =
      (await presentRecord(checkout, image, besideOwn)) ??
      (await collectEvidence(checkout, { name, ref, platforms, revision, besideOwn }));
  }
  return collected;
}

/** The file of this checkout, or what is kept in the registry; by image. @throws Failure for an altered one. */
export async function releaseEvidence(
  checkout: string,
  images: ReleaseImages,
  trust?: () => Trust,
): Promise<ReleaseEvidence> {
  const whose = trust ?? (await checkoutTrust(checkout));
  const found = await Promise.all(
    Object.entries(images)
      .filter(([, image]) => isLookedAt(image))
      .map(async ([name, image]) => {
        const place = { trust: whose, besideOwn: besideOwnOf(image, images) };
        return [name, await findEvidence(checkout, image.ref, place)] as const;
      }),
  );
  return Object.fromEntries(found);
}

export interface EvidencePlace {
  /** For an image that somebody else has built: one of ours, in whose registry the record is. */
  readonly besideOwn?: string | undefined;
  /** Whose records are believed; by default those of this checkout and of the committed keys. */
  readonly trust?: () => Trust;
}

/** The record of one image, wherever it is kept. @throws Failure for one that is no evidence, or was altered. */
export async function findEvidence(
  checkout: string,
  ref: string,
  { besideOwn, trust }: EvidencePlace = {},
): Promise<Evidence | undefined> {
  const whose = trust ?? (await checkoutTrust(checkout));
  try {
    const kept = readEvidence(checkout, ref, whose);
    return kept ?? (await pullEvidence(checkout, ref, await shelfOf(ImageRef.parse(ref), besideOwn), whose));
  } catch (error) {
    // No proof is what a gate is for: it refuses, as it does where there is no record.
    if (error instanceof EvidenceError) throw new Failure(error.message, EXIT.refused);
    throw error;
  }
}

/** Why a release may not go on, and what nobody looked at: sentences that begin with the image. */
export function judgeRelease(
  images: ReleaseImages,
  evidence: ReleaseEvidence,
): {
  readonly problems: readonly string[];
  readonly notChecked: readonly string[];
} {
  const verdicts = Object.entries(images)
    .filter(([, image]) => isLookedAt(image))
    .map(([name, image]) => ({ name, ...gate(evidence[name], rulesOf(name, image)) }));
  const sentences = (of: "problems" | "notChecked") =>
    verdicts.flatMap((verdict) => verdict[of].map((text) => `image ${verdict.name}: ${text}`));
  const substitutes = substitutesOf(images);
  const unseen = substitutes.length === 0 ? [] : [`substitutes: not checked: ${substitutes.join(", ")}`];
  return { problems: sentences("problems"), notChecked: [...sentences("notChecked"), ...unseen] };
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
