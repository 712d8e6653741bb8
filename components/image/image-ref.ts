/**
 * An image that can never change: `[registry/]repository@sha256:<64 hex>`.
 *
 * Tags are refused on purpose. A tag names whatever was pushed last; a digest names bytes.
 */

/** The text is not an image reference by digest. */
export class ImageRefError extends Error {
  override readonly name = "ImageRefError";
}

// Grammar of the OCI distribution specification, section "Pulling manifests", plus a host with an optional port.
const PATH_COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const HOST =
  "(?:localhost|(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\\.)+[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?|[a-zA-Z0-9-]+(?=:)|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?";
const REFERENCE = new RegExp(
  `^(?:(?<registry>${HOST})/)?(?<path>${PATH_COMPONENT}(?:/${PATH_COMPONENT})*)@(?<digest>sha256:[0-9a-f]{64})$`,
);
/** Longest repository name (registry and path) that registries accept, in characters. */
const LONGEST_REPOSITORY = 255;

export class ImageRef {
  private constructor(
    /** Registry host with its port, or undefined for the engine's default registry. */
    readonly registry: string | undefined,
    /** Path of the repository inside its registry. */
    readonly path: string,
    /** `sha256:` and 64 lower-case hexadecimal digits. */
    readonly digest: string,
  ) {}

  /**
   * Parses `[registry/]repository@sha256:<64 hex>`.
   * @throws ImageRefError for anything else, a tag included, saying what is wrong.
   */
  static parse(value: string): ImageRef {
    const groups = REFERENCE.exec(value)?.groups;
    if (groups?.path === undefined || groups.digest === undefined) {
      throw new ImageRefError(`"${value.slice(0, 300)}" is not an image by digest: ${reason(value)}`);
    }
    const ref = new ImageRef(groups.registry, groups.path, groups.digest);
    if (ref.repository.length > LONGEST_REPOSITORY) {
      throw new ImageRefError(`the repository of an image is at most ${LONGEST_REPOSITORY} characters long`);
    }
    const port = /:(\d+)$/.exec(ref.registry ?? "")?.[1];
    if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) {
      throw new ImageRefError(`the registry port ${port} is not between 1 and 65535`);
    }
    return ref;
  }

  /** Composes a reference from a repository and a digest, with the same checks as {@link parse}. */
  static of(repository: string, digest: string): ImageRef {
    return ImageRef.parse(`${repository}@${digest}`);
  }

  /** Registry and path, without the digest. */
  get repository(): string {
    return this.registry === undefined ? this.path : `${this.registry}/${this.path}`;
  }

  equals(other: ImageRef): boolean {
    return this.toString() === other.toString();
  }

  toString(): string {
    return `${this.repository}@${this.digest}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function reason(value: string): string {
  const at = value.indexOf("@");
  if (value === "") return "it is empty; expected repository@sha256:<64 hex>";
  if (at < 0) return "it has no digest; a tag can move, so write repository@sha256:<64 hex>";
  const digest = value.slice(at + 1);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return "its digest is not sha256: and 64 lower-case hexadecimal digits";
  if (/:[^/:@]+$/.test(value.slice(0, at))) return "it has a tag beside the digest; leave the tag out";
  return "its repository is not a valid name (lower-case letters, digits, and . _ - between them)";
}
