/** Makes the evidence of an image that was pushed, and keeps it: beside the image, and as a file of the checkout. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { notChecked, type Evidence, type PlatformEvidence } from "../../components/image/evidence/record";
import { ImageRef } from "../../components/image/image-ref";
import { progress } from "../../toolchain/progress";
import { Failure } from "../failure";
import { readConfig, readIndex, readManifest, platformName } from "./manifests";
import { platformFacts } from "./platform";
import { checkProvenance } from "./provenance";
import { Repository } from "./registry";
import { attachParts, describeParts } from "./sbom";
import { shelfOf } from "./shelf";
import { scan } from "./scans";
import { seal, sign } from "./signature";
import { signingKey } from "./signing-key";
import { keepEvidence } from "./store";
import type { Subject } from "./subject";
import { startTime } from "../builder";

export interface PushedImage {
  /** `ralex-api` and the like. */
  readonly name: string;
  /** repository@sha256:… of the index. */
  readonly ref: string;
  /** Commit that it was built from. */
  readonly revision: string;
  /** Platforms that it has to have; without them, those that it has. */
  readonly platforms?: readonly string[];
  /** For an image that somebody else has built: one of ours, in whose registry what is found is kept. */
  readonly besideOwn?: string | undefined;
}

/**
 * Looks at everything that is asked of an image, signs it, and keeps the record.
 * @returns the record. What was found wrong is in it; judging that is the gate's.
 * @throws Failure when the image is not in its registry or lacks a platform; ToolError when it cannot be signed or kept
 */
export async function collectEvidence(checkout: string, image: PushedImage): Promise<Evidence> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-evidence-"));
  try {
    const subject = await subjectOf(checkout, image, scratch);
    const { repository, ref } = subject;
    // Before anything else keeps the cores busy: time is what it measures.
    const starts = await startTimes(subject);
    const [platforms, parts, provenance, scans] = await together([
      measurePlatforms(subject, starts),
      describeParts(subject),
      checkProvenance(subject),
      scan(subject),
    ]);
    const key = await signingKey(checkout);
    const signature = subject.isThirdParty
      ? notChecked("it is its publisher's to sign")
      : await sign(checkout, repository, ref.digest, key);
    const sbom = await attachParts(subject, parts);
    const findings = {
      image: image.ref,
      revision: image.revision,
      createdAt: new Date().toISOString(),
      ...{ platforms, sbom, provenance, ...scans, signature },
    };
    const evidence = await seal(checkout, findings, key, scratch);
    await keepEvidence(subject, evidence);
    return evidence;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** The image's platforms and attestations, as its registry has them. */
async function subjectOf(checkout: string, image: PushedImage, scratch: string): Promise<Subject> {
  const ref = ImageRef.parse(image.ref);
  const repository = await Repository.of(ref);
  const text = await repository.manifest(ref.digest);
  const { platforms, attestations } = readIndex(text) ?? (await singlePlatform(repository, ref.digest, text));
  const missing = (image.platforms ?? []).filter((platform) => platforms[platform] === undefined);
  if (missing.length > 0) {
    const offered = Object.keys(platforms).join(", ") || "no platform";
    throw new Failure(`${image.ref} is not for ${missing.join(", ")}: it is for ${offered}`);
  }
  const shelf = await shelfOf(ref, image.besideOwn);
  const isThirdParty = image.besideOwn !== undefined;
  const known = { checkout, name: image.name, ref, repository, shelf, isThirdParty, scratch };
  return { ...known, attestations, platforms: wanted(platforms, image) };
}

/** Of an image that others built, platforms that nothing runs on are nobody's business here. */
const wanted = (offered: Subject["platforms"], { besideOwn, platforms }: PushedImage): Subject["platforms"] =>
  besideOwn === undefined || platforms === undefined
    ? offered
    : Object.fromEntries(Object.entries(offered).filter(([platform]) => platforms.includes(platform)));

async function singlePlatform(repository: Repository, digest: string, manifest: string) {
  const config = readConfig(await repository.text(readManifest(manifest).config.digest));
  return { platforms: { [platformName(config)]: digest }, attestations: {} };
}

async function startTimes({ name, repository, platforms }: Subject) {
  const times: Record<string, PlatformEvidence["startSeconds"]> = {};
  for (const [platform, digest] of Object.entries(platforms)) {
    times[platform] = await startTime(name, platform, repository.at(digest));
  }
  return times;
}

async function measurePlatforms(
  { name, repository, platforms }: Subject,
  starts: Readonly<Record<string, PlatformEvidence["startSeconds"]>>,
): Promise<Evidence["platforms"]> {
  const measured: Record<string, PlatformEvidence> = {};
  for (const [platform, digest] of Object.entries(platforms)) {
    const facts = await progress.step(`reading the layers of ${name} for ${platform}`, undefined, () =>
      platformFacts(repository, digest),
    );
    const startSeconds = starts[platform];
    if (startSeconds !== undefined) measured[platform] = { ...facts, startSeconds };
  }
  return measured;
}

/** Like Promise.all, but waits for every part to end: none goes on in a folder that is being removed. */
async function together<Parts extends readonly unknown[]>(
  parts: readonly [...{ [Index in keyof Parts]: Promise<Parts[Index]> }],
): Promise<Parts> {
  await Promise.allSettled(parts);
  return (await Promise.all(parts)) as unknown as Parts;
}
