import type { LockEntry } from "./lock";
import type { OfficialImage } from "./official-images";

/** What is asked of registries, with the credentials of whoever asks, without pulling. */
export interface RegistryReader {
  /** Resolves a tag to the digest of its index. @throws Error with what the registry said. */
  resolve(image: OfficialImage): Promise<LockEntry>;
  /**
   * Platforms of what a reference by digest names, as the registry has it; undefined when it is gone.
   * @throws Error when the registry cannot be asked.
   */
  platformsOf(ref: string): Promise<readonly string[] | undefined>;
}
