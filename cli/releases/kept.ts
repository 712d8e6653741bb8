/** Whether the registry still has all of what could be rolled back to. */
import type { ReleaseImage, ReleaseRecord } from "../../components/image/releases";
import { checkPushed } from "../build/pushed";

export type NamedImages = Pick<ReleaseRecord, "id" | "images">;

export interface KeptImage {
  readonly ref: string;
  /** Ids of the releases that need it. */
  readonly releases: readonly string[];
  /** What is gone, or why the registry cannot be asked; empty when all is there. */
  readonly problems: readonly string[];
}

interface Needed {
  readonly name: string;
  readonly image: ReleaseImage;
  readonly releases: string[];
}

/** Every image of the releases once, with the releases that need it, in the order of the list. */
export function imagesOf(releases: readonly NamedImages[]): readonly Needed[] {
  const byRef = new Map<string, Needed>();
  for (const { id, images } of releases) {
    for (const [name, image] of Object.entries(images)) {
      const known = byRef.get(image.ref) ?? { name, image, releases: [] };
      if (!known.releases.includes(id)) known.releases.push(id);
      byRef.set(image.ref, known);
    }
  }
  return [...byRef.values()];
}

/** Asks for every index, every manifest in it and every layer. One image after the other: each is many questions. */
export async function checkKept(releases: readonly NamedImages[]): Promise<readonly KeptImage[]> {
  const kept: KeptImage[] = [];
  for (const { name, image, releases: ids } of imagesOf(releases)) {
    console.error(`asking for ${image.ref}`);
    kept.push({ ref: image.ref, releases: ids, problems: await problemsOf(name, image) });
  }
  return kept;
}

async function problemsOf(name: string, image: ReleaseImage): Promise<readonly string[]> {
  try {
    const { missing } = await checkPushed(name, image);
    return missing.map((what) => `gone from the registry: ${what}`);
  } catch (error) {
    return [`the registry of ${image.ref} cannot be asked: ${error instanceof Error ? error.message : String(error)}`];
  }
}
