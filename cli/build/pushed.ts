/** Whether all of an image is in its registry: a push that was cut off, or a cleaner, leaves an index with holes. */
import pLimit from "p-limit";
import { ImageRef } from "../../components/image/image-ref";
import { readIndex, readManifest, type ImageIndex } from "../evidence/manifests";
import { Repository } from "../evidence/registry";
import { isAbsent } from "../evidence/tools";

/** So many blobs are asked for at the same time. */
const atOnce = pLimit(6);

export interface PushedImage {
  readonly name: string;
  /** By platform, the digest of its manifest. */
  readonly platforms: Readonly<Record<string, string>>;
  /** What the registry lacks, in words; empty when everything is there. */
  readonly missing: readonly string[];
}

/** What a reference is to have, as {@link checkPushed} asks for it. */
export interface Expected {
  readonly ref: string;
  readonly platforms: readonly string[];
}

/**
 * Asks the registry for the index, every manifest in it, attestations included, and every blob of those.
 * @throws ToolError when the registry cannot be asked.
 */
export async function checkPushed(name: string, { ref, platforms }: Expected): Promise<PushedImage> {
  const image = ImageRef.parse(ref);
  const repository = await Repository.of(image);
  const index = await presentText(repository, image.digest);
  if (index === undefined) return { name, platforms: {}, missing: [`${name}: the index ${image.digest}`] };
  // What is for one platform only may have no index over it.
  const [only] = platforms.length === 1 ? platforms : [];
  const parts =
    readIndex(index) ?? (only === undefined ? NOTHING : { platforms: { [only]: image.digest }, attestations: {} });
  const found = await Promise.all(children(parts).map((child) => missingOf(repository, name, child)));
  const absent = platforms.filter((platform) => parts.platforms[platform] === undefined);
  return {
    name,
    platforms: parts.platforms,
    missing: [...absent.map((platform) => `${name}: anything for ${platform}`), ...found.flat()],
  };
}

const NOTHING: ImageIndex = { platforms: {}, attestations: {} };

interface Child {
  /** Platform, or what the manifest says about one. */
  readonly label: string;
  readonly digest: string;
}

const children = ({ platforms, attestations }: ImageIndex): readonly Child[] =>
  Object.entries(platforms).flatMap(([platform, digest]) => {
    const attestation = attestations[digest];
    const own = { label: platform, digest };
    return attestation === undefined ? [own] : [own, { label: `provenance of ${platform}`, digest: attestation }];
  });

async function missingOf(repository: Repository, name: string, { label, digest }: Child): Promise<readonly string[]> {
  const text = await presentText(repository, digest);
  if (text === undefined) return [`${name}, ${label}: the manifest ${digest}`];
  const { config, layers } = readManifest(text);
  const blobs = [{ kind: "the configuration", of: config }, ...layers.map((of) => ({ kind: "the layer", of }))];
  const missing = blobs.map(({ kind, of }) =>
    atOnce(async () => ((await hasBlob(repository, of.digest)) ? [] : [`${name}, ${label}: ${kind} ${of.digest}`])),
  );
  return (await Promise.all(missing)).flat().sort();
}

/** A manifest's text, or undefined when the registry says that it has none. */
const presentText = (repository: Repository, digest: string): Promise<string | undefined> =>
  unlessGone(repository.manifest(digest));

const hasBlob = async (repository: Repository, digest: string): Promise<boolean> =>
  (await unlessGone(repository.describeBlob(digest))) !== undefined;

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
