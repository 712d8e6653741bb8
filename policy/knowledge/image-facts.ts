/** What is known of images, gathered before rules ask for it: the release's record, the image lock, and sealed evidence. */
import * as fs from "node:fs";
import { evidenceFile } from "../../components/image/evidence/read";
import { isOwn, thirdPartyImages } from "../../components/image/third-party";
import { readLock } from "../../components/image/lock";
import { ImageRef } from "../../components/image/image-ref";
import type { Evidence } from "../../components/image/evidence/record";
import type { ReleaseImage, ReleaseImages } from "../../components/image/releases";
import type { ImageFacts } from "../images";
import type { Elsewhere } from "./elsewhere";

/** Longest that a registry is waited for, in milliseconds; then there is no evidence. */
const REGISTRY_MS = 5_000;
const MIB = 1024 * 1024;

interface Found {
  readonly evidence?: Evidence | undefined;
  readonly problem?: string;
}

export class ImageKnowledge {
  private readonly found = new Map<string, Promise<ImageFacts>>();
  private readonly known = new Map<string, ImageFacts>();
  private readonly byDigest: ReadonlyMap<string, { readonly name: string; readonly image: ReleaseImage }>;

  /**
   * @param images - what is recorded of the release that runs.
   * @param isPromoted - then only evidence of committed keys is believed, and registries are asked for it.
   */
  constructor(
    private readonly checkout: string,
    private readonly images: ReleaseImages,
    private readonly isPromoted: boolean,
    private readonly elsewhere: () => Promise<Elsewhere>,
  ) {
    const all = { ...lockedImages(checkout), ...images };
    this.byDigest = new Map(Object.entries(all).map(([name, image]) => [digestOf(image.ref), { name, image }]));
  }

  /** Gathers what is known of an image, once. @param ref - `repository@sha256:…` */
  async gather(ref: string): Promise<void> {
    const work = this.found.get(ref) ?? this.factsOf(ref);
    this.found.set(ref, work);
    this.known.set(ref, await work);
  }

  /** @throws Error for an image that nobody gathered: a rule would take nothing for an answer. */
  of(ref: string): ImageFacts {
    const facts = this.known.get(ref);
    if (facts === undefined) throw new Error(`nothing was gathered of ${ref}`);
    return facts;
  }

  private async factsOf(ref: string): Promise<ImageFacts> {
    const recorded = this.byDigest.get(digestOf(ref));
    if (recorded === undefined || isOwn(recorded.image)) {
      const { evidence, problem } = await this.evidenceOf(ref);
      return { isOwn: true, name: recorded?.name, evidence, problem };
    }
    const { name, image } = recorded;
    const { sizeBudgetMiB = 0, substitute = false } = image.thirdParty ?? {};
    const { evidence } = substitute ? {} : await this.evidenceOf(ref);
    const budget = sizeBudgetMiB * MIB;
    return { isOwn: false, name, platforms: image.platforms, budget, isSubstitute: substitute, evidence };
  }

  private async evidenceOf(ref: string): Promise<Found> {
    try {
      const evidence = await (this.isPromoted ? bounded(this.anywhere(ref)) : this.here(ref));
      return evidence === undefined ? { problem: "there is no evidence of it" } : { evidence };
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }

  private async here(ref: string): Promise<Evidence | undefined> {
    // Most of development has none, and nothing to load for it.
    if (!fs.existsSync(evidenceFile(this.checkout, ref))) return undefined;
    return (await this.elsewhere()).evidenceHere(this.checkout, ref);
  }

  private async anywhere(ref: string): Promise<Evidence | undefined> {
    const recorded = this.byDigest.get(digestOf(ref));
    const besideOwn =
      recorded === undefined || isOwn(recorded.image) ? undefined : Object.values(this.images).find(isOwn)?.ref;
    return (await this.elsewhere()).evidenceAnywhere(this.checkout, ref, besideOwn);
  }
}

/** What the lock has; a checkout without a lock has no third-party images. */
function lockedImages(checkout: string): ReleaseImages {
  try {
    return thirdPartyImages(readLock(checkout));
  } catch {
    return {};
  }
}

const digestOf = (ref: string): string => ImageRef.parse(ref).digest;

async function bounded<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = () =>
      reject(new Error(`its registry did not answer in ${REGISTRY_MS / 1000} s, so there is no evidence of it`));
    timer = setTimeout(refuse, REGISTRY_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
