import { OperationError, type Call, type ResourceKind } from "../support/plugin";
import type { Values } from "../support/wire";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { flag, text } from "../support/inputs";

interface Progress {
  readonly status?: string;
  readonly error?: string;
}

async function pull(name: string, platform: string | undefined, call: Call): Promise<void> {
  const stream = await engine().pull(name, platform === undefined ? {} : { platform });
  await new Promise<void>((resolve, reject) => {
    let shown = 0;
    engine().modem.followProgress(
      stream,
      (error: Error | null) => (error === null ? resolve() : reject(error)),
      ({ status, error }: Progress) => {
        if (error !== undefined) reject(new Error(error));
        const now = Date.now();
        if (status === undefined || now - shown < 500) return;
        shown = now;
        call.status(`${name}: ${status}`);
      },
    );
  });
}

/**
 * The digest under which a registry has the image.
 * Source: data_source_docker_image.go, determineRepoDigest, which cuts the name at its first colon, a port's too.
 */
export function repoDigest(name: string, digests: readonly string[]): string {
  const [start = ""] = name.split(":");
  return digests.find((digest) => digest.startsWith(start)) ?? digests[0] ?? "";
}

/** Source: resource_docker_image_funcs.go, resourceDockerImageRead: these two, and no input. */
async function outputsOf(name: string): Promise<{ imageId: string; repoDigest: string } | undefined> {
  const found = await unlessGone(`cannot look at image ${name}`, () => engine().getImage(name).inspect());
  return found && { imageId: found.Id, repoDigest: repoDigest(name, found.RepoDigests ?? []) };
}

/** Source: resource_docker_image_funcs.go, findImage: what the engine has is not pulled again, whatever triggered. */
async function fetched(inputs: Values, call: Call): Promise<{ imageId: string; repoDigest: string }> {
  const name = text(inputs, "name") ?? "";
  const local = await outputsOf(name);
  if (local !== undefined) return local;
  await explained(`cannot pull ${name}`, () => pull(name, text(inputs, "platform"), call));
  const found = await outputsOf(name);
  if (found === undefined) throw new OperationError(`${name} was pulled, but the engine does not have it`);
  return found;
}

export const remoteImage: ResourceKind = {
  accepts: ["name", "keepLocally", "forceRemove", "pullTriggers", "platform", "triggers"],
  updates: ["keepLocally", "forceRemove"],
  sets: ["pullTriggers"],

  async create(inputs, call) {
    const found = await fetched(inputs, call);
    return { id: `${found.imageId}${text(inputs, "name") ?? ""}`, outputs: found };
  },

  plan: (inputs) => inputs,

  async read({ outputs }) {
    const found = await outputsOf(text(outputs, "name") ?? "");
    return found && { ...outputs, ...found };
  },

  update: async (_, inputs, call) => fetched(inputs, call),

  async delete({ inputs }) {
    if (flag(inputs, "keepLocally")) return;
    const name = text(inputs, "name") ?? "";
    try {
      await engine()
        .getImage(name)
        .remove({ force: flag(inputs, "forceRemove") ?? false });
    } catch (error) {
      if (isGone(error)) return;
      const hint = isConflict(error) ? "; set keepLocally, or remove what uses it first" : "";
      throw new OperationError(`${explain(error, `cannot remove image ${name}`).message}${hint}`);
    }
  },
};
