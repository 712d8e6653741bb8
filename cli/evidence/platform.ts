/** Sizes, user and setuid files of one platform of an image. */
import type { PlatformEvidence } from "../../components/image/evidence/record";
import { Filesystem } from "./layers";
import { compressedBytes, readConfig, readManifest } from "./manifests";
import type { Repository } from "./registry";

export type PlatformFacts = Omit<PlatformEvidence, "startSeconds">;

/**
 * Reads every layer once, as a stream.
 * @throws ToolError when the registry does not give them; Error when a layer cannot be read
 */
export async function platformFacts(repository: Repository, digest: string): Promise<PlatformFacts> {
  const manifest = readManifest(await repository.manifest(digest));
  const config = readConfig(await repository.text(manifest.config.digest));
  const files = new Filesystem();
  for (const layer of manifest.layers) {
    await repository.stream(layer.digest, (blob) => files.add(blob, layer.mediaType));
  }
  const user = config.config?.User ?? "";
  return {
    digest,
    compressedBytes: compressedBytes(manifest),
    unpackedBytes: files.unpackedBytes,
    user,
    nonRoot: isNonRoot(user, (name) => files.uidOf(name)),
    setuidFiles: files.setuidFiles,
  };
}

/** Whether a USER is surely not root. A name counts only with a number, as Kubernetes has it. */
export function isNonRoot(user: string, uidOf: (name: string) => number | undefined): boolean {
  const name = user.split(":")[0] ?? "";
  const uid = /^\d+$/.test(name) ? Number(name) : uidOf(name);
  return uid !== undefined && uid !== 0;
}
