/** What the release project exports: every image that runs on any target, ours and third-party ones; newest first. */
import * as crypto from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

export const RELEASE_PROJECT = "ralex-images";
/** Multi-arch releases of a commit, made by `./ralex build`; only these are pinned and promoted. */
export const RELEASE_STACK = "release";
/** What `./ralex start` builds of the working tree, for the platform of the machine only. */
export const WORKING_TREE_STACK = "working-tree";
/** Releases that the list keeps; older ones stay in the registry. */
export const MOST_RELEASES = 50;

/** The database schema that a release brings. */
export const SCHEMA = z.strictObject({
  /** Number of the newest migration; 0 where there is none. */
  version: z.int().min(0),
  /** Numbers of the migrations that a rollback must not cross: the code before them does not run after them. */
  barriers: z.array(z.int().min(1)).readonly(),
});

/** An image of a release. */
export const RELEASE_IMAGE = z.strictObject({
  /** `repository@sha256:…`. A mirror may serve it from another repository: the digest is the same. */
  ref: z.string(),
  platforms: z.array(z.string()).readonly(),
  /** Of an image that was taken from the lock, and not built. */
  thirdParty: z
    .strictObject({
      /** For people. */
      tag: z.string(),
      /** Most that it may take on disk, unpacked, in MiB. */
      sizeBudgetMiB: z.int().min(1),
      /** Built on the machine that made the release, in place of the official one. */
      substitute: z.literal(true).optional(),
      /** What its data is written as; an image of another version may not read it. */
      dataVersion: z.string().min(1).optional(),
    })
    .optional(),
});

export type ReleaseImage = z.infer<typeof RELEASE_IMAGE>;
export type ReleaseImages = Readonly<Record<string, ReleaseImage>>;

const RELEASES = z.array(
  z.strictObject({
    id: z.string().min(1),
    /** Commit of the build, with `-dirty` where the checkout had uncommitted changes. */
    revision: z.string(),
    /** ISO 8601, UTC. */
    createdAt: z.string(),
    images: z.record(z.string(), RELEASE_IMAGE),
    schema: SCHEMA,
  }),
);

export type ReleaseRecord = z.infer<typeof RELEASES>[number];

/**
 * Reads the release project's output; nothing exported yet is an empty list.
 * @throws Error when the output is not a list of releases.
 */
export function readReleases(output: unknown): readonly ReleaseRecord[] {
  const parsed = RELEASES.safeParse(output ?? []);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`the output "releases" of ${RELEASE_PROJECT} is not a list of releases: ${problems.join("; ")}`);
}

/** Adds a release in front, unless the newest one has the very same images: then nothing changes. */
export function withRelease(
  earlier: readonly ReleaseRecord[],
  built: Omit<ReleaseRecord, "id">,
): readonly ReleaseRecord[] {
  const sorted = (images: ReleaseImages) => Object.entries(images).sort(([a], [b]) => (a < b ? -1 : 1));
  if (earlier[0] !== undefined && isDeepStrictEqual(sorted(earlier[0].images), sorted(built.images))) return earlier;
  // Repositories are left out: it is the same release in a mirror.
  const digests = sorted(built.images).map(([name, { ref }]) => `${name} ${ref.slice(ref.indexOf("@") + 1)}\n`);
  const id = `r-${crypto.createHash("sha256").update(digests.join("")).digest("hex").slice(0, 12)}`;
  return [{ id, ...built }, ...earlier.filter((release) => release.id !== id)].slice(0, MOST_RELEASES);
}
