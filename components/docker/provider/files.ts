import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import type { WrittenFile } from "../files";
import { engine, isGone, unlessGone } from "./engine";
import type { Kind } from "../../provider/kind";
import { writeVolumes } from "./volume-writer";

export interface FilesInputs {
  /** Start of the volume's name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Docker's id of an image that the engine has: only to make a container of, which is never started. */
  readonly image: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly files: readonly WrittenFile[];
  readonly hash: string;
}

export interface FilesOutputs {
  readonly hash: string;
  readonly volume: string;
}

/** Where the volume is mounted in the container that it is written through. */
const MOUNTED = "/ralex-files";

/** An archive of the files, each with its owner and mode; folders let everybody of the container through. */
export function archive({ files, user }: Pick<FilesInputs, "files" | "user">): Promise<Buffer> {
  const made = pack();
  const folders = new Set(
    files.flatMap(({ path }) => {
      const parts = path.split("/").slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    }),
  );
  for (const name of [...folders].sort()) made.entry({ name, type: "directory", mode: 0o755 });
  for (const { path, mode, content } of files) made.entry({ name: path, mode, ...user }, content);
  made.finalize();
  return buffer(made);
}

async function remove(volume: string): Promise<void> {
  try {
    await engine().getVolume(volume).remove();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** A volume with a service's files. Its name is new each time, so that a change and its reversal never meet. */
export const files: Kind<FilesInputs, FilesOutputs> = {
  compared: ({ hash }) => ({ hash }),
  replaces: ["hash"],

  async create(inputs) {
    const volume = `${inputs.name}-${randomBytes(4).toString("hex")}`;
    await engine().createVolume({ Name: volume, Labels: { ...inputs.labels } });
    try {
      const { image, labels } = inputs;
      await writeVolumes({
        image,
        labels,
        mounts: { [MOUNTED]: volume },
        archive: await archive(inputs),
        path: MOUNTED,
      });
    } catch (error) {
      await remove(volume).catch(() => undefined);
      throw error;
    }
    return { id: volume, outputs: { hash: inputs.hash, volume } };
  },

  async read(outputs) {
    return (await unlessGone(engine().getVolume(outputs.volume).inspect())) && outputs;
  },

  delete: ({ volume }) => remove(volume),
};
