/** What the release project exports: images that belong together, newest first. */
import * as crypto from "node:crypto";
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

const RELEASES = z.array(
  z.strictObject({
    id: z.string().min(1),
    /** Commit of the build, with `-dirty` where the checkout had uncommitted changes. */
    revision: z.string(),
    /** ISO 8601, UTC. */
    createdAt: z.string(),
    images: z.record(z.string(), z.strictObject({ ref: z.string(), platforms: z.array(z.string()).readonly() })),
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
  const refsOf = (images: ReleaseRecord["images"]) =>
    JSON.stringify(Object.entries(images).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (earlier[0] !== undefined && refsOf(earlier[0].images) === refsOf(built.images)) return earlier;
  const id = `r-${crypto.createHash("sha256").update(refsOf(built.images)).digest("hex").slice(0, 12)}`;
  return [{ id, ...built }, ...earlier.filter((release) => release.id !== id)].slice(0, MOST_RELEASES);
}
