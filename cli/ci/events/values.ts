/**
 * The property values that a comment may show. A forge masks secrets in logs and not in comments, and whether a value is
 * one is not always known: so everything is left out that is not listed here, and of the right form.
 */

/** Properties that are numbers of things. */
const COUNTS: ReadonlySet<string> = new Set(["replicas", "minReplicas", "maxReplicas", "count", "desiredCount"]);

/** Properties that name an image. */
const IMAGES: ReadonlySet<string> = new Set(["image", "imageName", "repoDigest", "imageId"]);

/** `[registry/]repository[:tag]@sha256:…`; a repository is lower case, so that nothing else looks like one. */
const BY_DIGEST =
  /^((?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::[\w.-]{1,128})?@sha256:([0-9a-f]{12})[0-9a-f]{52}$/;
const ID = /^sha256:([0-9a-f]{12})[0-9a-f]{52}$/;

/** Longer than any image that is shown. */
const LONGEST = 400;

/** What is shown of a property's value; undefined where nothing may be. @param name - the last step of its path. */
export function shownValue(name: string, value: unknown): string | undefined {
  if (COUNTS.has(name)) return Number.isSafeInteger(value) ? String(value) : undefined;
  if (!IMAGES.has(name) || typeof value !== "string" || value.length > LONGEST) return undefined;
  const id = ID.exec(value)?.[1];
  if (id !== undefined) return id;
  const [, repository, digest] = BY_DIGEST.exec(value) ?? [];
  return repository === undefined ? undefined : `${repository.split("/").at(-1)}@${digest}`;
}
