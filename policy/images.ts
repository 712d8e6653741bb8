/** What is known of an image that a resource runs, from evidence, the pinned release and the image lock. */
import type { Evidence } from "../components/image/evidence/record";

export type ImageFacts = OwnImage | ThirdPartyImage;

/** An image that this repository builds, and so any that nobody else is known to have built. */
export interface OwnImage {
  readonly isOwn: true;
  /** In the release, `ralex-api`; undefined where no release has it. */
  readonly name: string | undefined;
  /** undefined where there is none, or none that can be believed. */
  readonly evidence: Evidence | undefined;
  /** Why there is none: what was looked for, and where. */
  readonly problem: string | undefined;
}

/** An image of the lock: its publisher builds it, and its evidence is digest, platforms and size. */
export interface ThirdPartyImage {
  readonly isOwn: false;
  readonly name: string;
  readonly platforms: readonly string[];
  /** Most that it may take unpacked, in bytes. */
  readonly budget: number;
  /** Built on this machine in place of the official one. */
  readonly isSubstitute: boolean;
  /** undefined where nobody measured it. */
  readonly evidence: Evidence | undefined;
}
