/**
 * The image lock: every third-party image that Ralex runs or builds on, by digest.
 *
 * The committed lock names the official registries' images. A machine that reaches package registries only makes its
 * own, with `substitute: true` in every entry; releases and outputs repeat that, so nobody takes one for the other.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { ralex } from "../command-line";
import { ImageRef } from "./image-ref";

/** Where the locks are, relative to the checkout. */
export const COMMITTED_LOCK = "images/images.lock.json";
/** What the toolchain makes where only package registries are reached: for starts, and for releases. */
export const GENERATED_LOCK = ".ralex/images.lock.json";

export const GENERATED_RELEASE_LOCK = ".ralex/release/images.lock.json";
/** What a start with official tools reads: the committed lock, and what it lacks as it was resolved. */
export const RESOLVED_LOCK = ".ralex/official/images.lock.json";

const ENTRY = z.strictObject({
  repository: z.string().min(1),
  /** For people; programs use the digest alone. */
  tag: z.string().min(1),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 lower-case hexadecimal digits"),
  platforms: z.array(z.string().regex(/^linux\/(amd64|arm64)$/)).min(1),
  /** Most that the image may take on disk, unpacked, in MiB. */
  sizeBudgetMiB: z.int().min(1),
  /** `true` for an image built on this machine in place of the official one. */
  substitute: z.literal(true).optional(),
  /** Of software that keeps data: what it is written as. See `OfficialImage`. */
  dataVersion: z.string().min(1).optional(),
  /** Day on which a start resolved the tag, where no committed lock has the digest. */
  resolved: z.iso.date().optional(),
});

export type LockEntry = z.infer<typeof ENTRY>;

/** The lock is missing, damaged or lacks an image. */
export class ImageLockError extends Error {
  override readonly name = "ImageLockError";
}

export class ImageLock {
  private constructor(
    readonly file: string,
    private readonly entries: ReadonlyMap<string, LockEntry>,
  ) {}

  /**
   * Reads and validates a lock file.
   * @throws ImageLockError with every problem of the file.
   */
  static read(file: string): ImageLock {
    let document: unknown;
    try {
      document = JSON.parse(fs.readFileSync(file, "utf8"));
    } catch (error) {
      throw new ImageLockError(`the image lock ${file} cannot be read: ${(error as Error).message}`);
    }
    const parsed = z.record(z.string(), ENTRY).safeParse(document);
    if (!parsed.success) {
      const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
      throw new ImageLockError(`the image lock ${file} is damaged:\n  ${problems.join("\n  ")}`);
    }
    const lock = new ImageLock(file, new Map(Object.entries(parsed.data)));
    for (const name of lock.names) lock.ref(name);
    return lock;
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** Whether the lock has an image of this name. */
  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** @throws ImageLockError when the lock has no image of this name. */
  entry(name: string): LockEntry {
    const entry = this.entries.get(name);
    if (entry === undefined) {
      throw new ImageLockError(
        `the image lock ${this.file} has no image ${name}; it has ${this.names.join(", ")}. ` +
          `Where ${name}'s registry is reachable: ${ralex("images", "lock", name)}`,
      );
    }
    return entry;
  }

  ref(name: string): ImageRef {
    const { repository, digest } = this.entry(name);
    return ImageRef.of(repository, digest);
  }
}

/**
 * Where a lock comes from: git, what the toolchain of this machine made, what a start with official tools resolved, or
 * the user's own word.
 */
export type LockOrigin = "committed" | "generated" | "resolved" | "named";

/**
 * The lock that a checkout's programs read: the one that `RALEX_IMAGES_LOCK` names, else the committed one. The commands
 * set the variable where the user has not: a lock of substitutes counts only while the toolchain that made it serves.
 */
export function chosenLock(
  checkout: string,
  environment: NodeJS.ProcessEnv = process.env,
): { readonly file: string; readonly origin: LockOrigin } {
  const named = environment.RALEX_IMAGES_LOCK;
  if (named === undefined || named === "") return { file: path.join(checkout, COMMITTED_LOCK), origin: "committed" };
  const file = path.resolve(checkout, named);
  const of = (relative: string) => file === path.join(checkout, relative);
  if (of(GENERATED_LOCK) || of(GENERATED_RELEASE_LOCK)) return { file, origin: "generated" };
  return { file, origin: of(RESOLVED_LOCK) ? "resolved" : of(COMMITTED_LOCK) ? "committed" : "named" };
}

/** Reads the {@link chosenLock}. @throws ImageLockError as {@link ImageLock.read}. */
export const readLock = (checkout: string, environment: NodeJS.ProcessEnv = process.env): ImageLock =>
  ImageLock.read(chosenLock(checkout, environment).file);

/** Whether images that stand in for official ones may run here: official tools take none, unless the user names them. */
export function takesSubstitutes(checkout: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  const { origin } = chosenLock(checkout, environment);
  return origin === "generated" || origin === "named";
}
