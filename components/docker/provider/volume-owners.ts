import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { engine, unlessGone } from "./engine";
import type { Kind } from "../../provider/kind";
import { writeVolumes } from "./volume-writer";

interface Owned {
  readonly volume: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

export interface OwnersOutputs {
  readonly volumes: readonly Owned[];
}

export interface OwnersInputs extends OwnersOutputs {
  readonly image: string;
}

/** Start of the places where the volumes are mounted in the container through which their owners are set. */
const MOUNTED = "ralex-data";
const MODE = 0o755;

/** An archive with the folders alone: what is in the volumes is left as it is. */
export function folderArchive(volumes: readonly Pick<Owned, "user">[]): Promise<Buffer> {
  const made = pack();
  volumes.forEach(({ user }, index) => {
    made.entry({ name: `${MOUNTED}-${index}`, type: "directory", mode: MODE, ...user });
  });
  made.finalize();
  return buffer(made);
}

async function own({ volumes, image }: OwnersInputs): Promise<OwnersOutputs> {
  const mounts = Object.fromEntries(volumes.map(({ volume }, index) => [`/${MOUNTED}-${index}`, volume]));
  await writeVolumes({ image, mounts, archive: await folderArchive(volumes), path: "/" });
  return { volumes };
}

export const volumeOwners: Kind<OwnersInputs, OwnersOutputs> = {
  // Any image will do, so another one is no change.
  compared: ({ volumes }) => ({ volumes }),
  replaces: [],
  create: async (inputs) => ({ id: "volume-owners", outputs: await own(inputs) }),
  update: own,
  // With a volume its owner is gone too.
  async read({ volumes }) {
    const present = await Promise.all(
      volumes.map(async (one) =>
        (await unlessGone(engine().getVolume(one.volume).inspect())) === undefined ? [] : [one],
      ),
    );
    return { volumes: present.flat() };
  },
};
