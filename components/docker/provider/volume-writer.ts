import { engine } from "./engine";

export interface VolumeWrite {
  /** Docker's id of an image that the engine has. */
  readonly image: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Names of volumes by the absolute path at which each is mounted. */
  readonly mounts: Readonly<Record<string, string>>;
  /** A tar archive, unpacked below `path` with the owners and modes in it. */
  readonly archive: Buffer;
  readonly path: string;
}

/** Writes into volumes through the engine alone: an archive, put into a container of theirs that is never started. */
export async function writeVolumes({ image, labels = {}, mounts, archive, path }: VolumeWrite): Promise<void> {
  const writer = await engine().createContainer({
    Image: image,
    Entrypoint: ["never-started"],
    Cmd: [],
    Labels: { ...labels },
    HostConfig: {
      NetworkMode: "none",
      Mounts: Object.entries(mounts).map(([Target, Source]) => ({
        Type: "volume" as const,
        Source,
        Target,
        ReadOnly: false,
      })),
    },
  });
  try {
    await writer.putArchive(archive, { path });
  } finally {
    // With the volumes that the image itself declares.
    await writer.remove({ force: true, v: true });
  }
}
