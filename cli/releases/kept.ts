/** Whether the registry still has all of what could be rolled back to. */
import type { Pin } from "../../components/image/pin-check";
import { PLATFORMS } from "../../components/image/platforms";
import { checkPushed } from "../build/pushed";

export interface KeptImage {
  readonly ref: string;
  /** Ids of the releases that need it. */
  readonly releases: readonly string[];
  /** What is gone, or why the registry cannot be asked; empty when all is there. */
  readonly problems: readonly string[];
}

/** Every image of the releases once, with the releases that need it, in the order of the list. */
export function imagesOf(releases: readonly Pin[]): readonly { name: string; ref: string; releases: string[] }[] {
  const byRef = new Map<string, { name: string; ref: string; releases: string[] }>();
  for (const { id, images } of releases) {
    for (const [name, ref] of Object.entries(images)) {
      const known = byRef.get(ref) ?? { name, ref, releases: [] };
      if (!known.releases.includes(id)) known.releases.push(id);
      byRef.set(ref, known);
    }
  }
  return [...byRef.values()];
}

/** Asks for every index, every manifest in it and every layer. One image after the other: each is many questions. */
export async function checkKept(releases: readonly Pin[]): Promise<readonly KeptImage[]> {
  const kept: KeptImage[] = [];
  for (const { name, ref, releases: ids } of imagesOf(releases)) {
    console.error(`asking for ${ref}`);
    kept.push({ ref, releases: ids, problems: await problemsOf(name, ref) });
  }
  return kept;
}

async function problemsOf(name: string, ref: string): Promise<readonly string[]> {
  try {
    const { missing } = await checkPushed(name, { ref, platforms: PLATFORMS });
    return missing.map((what) => `gone from the registry: ${what}`);
  } catch (error) {
    return [`the registry of ${ref} cannot be asked: ${error instanceof Error ? error.message : String(error)}`];
  }
}
