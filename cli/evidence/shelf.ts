/** Where what is known of an image is kept in a registry. */
import { ImageRef } from "../../components/image/image-ref";
import { readManifest } from "./manifests";
import { Repository, type AttachedFile } from "./registry";
import { isAbsent, ToolError } from "./tools";

/** A place for files about one image. */
export interface Shelf {
  /** @returns the digest of the file's own manifest. @throws ToolError when the registry refuses it. */
  put(file: AttachedFile, cwd: string): Promise<string>;
  /** Text of the newest file of a name and type, and where it is from; undefined where there is none. @throws ToolError. */
  newest(file: Pick<AttachedFile, "file" | "type">): Promise<{ text: string; origin: string } | undefined>;
}

/** Written by oras. */
const CREATED = "org.opencontainers.image.created";

/**
 * Where what is known of an image is kept.
 * @param besideOwn - for an image that somebody else has built: one of ours, in whose registry it is.
 */
export async function shelfOf(image: ImageRef, besideOwn?: string): Promise<Shelf> {
  return besideOwn === undefined
    ? besideImage(await Repository.of(image), image.digest)
    : inOwnRepository(await evidenceRepository(ImageRef.parse(besideOwn)), image.digest);
}

/** Beside the image itself, as OCI referrers: for images of a repository that is ours. */
const besideImage = (repository: Repository, digest: string): Shelf => ({
  put: (file, cwd) => repository.attach(digest, file, cwd),
  async newest({ type }) {
    const referrers = [...(await repository.referrers(digest, type))].sort((a, b) =>
      (a.annotations?.[CREATED] ?? "") < (b.annotations?.[CREATED] ?? "") ? 1 : -1,
    );
    return referrers[0] === undefined ? undefined : read(repository, repository.at(referrers[0].digest));
  },
});

/** Under tags of a repository of our own that name the digest: nobody else's repository takes files from us. */
function inOwnRepository(repository: Repository, digest: string): Shelf {
  const tagOf = (file: string) => repository.tagged(`${digest.replace(":", "-")}.${file}`);
  return {
    put: (file, cwd) => repository.push(tagOf(file.file), file, cwd),
    async newest({ file }) {
      try {
        return await read(repository, tagOf(file));
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
  };
}

/** The repository for what is known of third-party images: beside those of an own image. */
function evidenceRepository(own: ImageRef): Promise<Repository> {
  const path = [...own.path.split("/").slice(0, -1), "evidence"].join("/");
  return Repository.of(ImageRef.of(own.registry === undefined ? path : `${own.registry}/${path}`, own.digest));
}

async function read(repository: Repository, name: string): Promise<{ text: string; origin: string }> {
  const digest = readManifest(await repository.manifestOf(name)).layers[0]?.digest;
  if (digest === undefined) throw new ToolError(`${name} in the registry holds no file`);
  return { text: await repository.text(digest), origin: `${name} in the registry` };
}
