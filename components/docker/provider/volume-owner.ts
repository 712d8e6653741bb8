import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { engine, unlessGone } from "./engine";
import type { Kind } from "./kind";

export interface OwnerInputs extends OwnerOutputs {
  readonly image: string;
}

export interface OwnerOutputs {
  readonly volume: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

/** Where the volume is mounted in the container through which its owner is set; its name in the archive. */
const MOUNTED = "ralex-data";
const MODE = 0o755;

/** An archive with the folder alone: what is in the volume is left as it is. */
export function folderArchive(user: OwnerOutputs["user"]): Promise<Buffer> {
  const made = pack();
  made.entry({ name: MOUNTED, type: "directory", mode: MODE, ...user });
  made.finalize();
  return buffer(made);
}

async function own({ volume, user, image }: OwnerInputs): Promise<OwnerOutputs> {
  const writer = await engine.createContainer({
    Image: image,
    Entrypoint: ["never-started"],
    Cmd: [],
    HostConfig: {
      NetworkMode: "none",
      Mounts: [{ Type: "volume", Source: volume, Target: `/${MOUNTED}`, ReadOnly: false }],
    },
  });
  try {
    await writer.putArchive(await folderArchive(user), { path: "/" });
  } finally {
    await writer.remove({ force: true });
  }
  return { volume, user };
}

export const volumeOwner: Kind<OwnerInputs, OwnerOutputs> = {
  // Any image will do, so another one is no change.
  compared: ({ volume, user }) => ({ volume, user }),
  replaces: ["volume"],
  create: async (inputs) => ({ id: inputs.volume, outputs: await own(inputs) }),
  update: own,
  // With the volume its owner is gone too.
  async read(outputs) {
    return (await unlessGone(engine.getVolume(outputs.volume).inspect())) && outputs;
  },
};
