import { OperationError, type Call, type ResourceKind } from "../support/plugin";
import type { Values } from "../support/wire";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { flag, text, texts } from "../support/inputs";

/** `registry:5000/path:tag@digest` without tag and digest. */
const repositoryOf = (name: string): string => name.replace(/@.*$/, "").replace(/:[^/:]+$/, "");

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

async function outputsOf(name: string): Promise<{ imageId: string; repoDigest: string } | undefined> {
  const found = await unlessGone(`cannot look at image ${name}`, () => engine().getImage(name).inspect());
  if (found === undefined) return undefined;
  const digests = found.RepoDigests ?? [];
  const repository = repositoryOf(name);
  return {
    imageId: found.Id,
    repoDigest: digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0] ?? "",
  };
}

async function fetched(inputs: Values, call: Call): Promise<{ imageId: string; repoDigest: string }> {
  const name = text(inputs, "name") ?? "";
  const local = (texts(inputs, "pullTriggers") ?? []).length > 0 ? undefined : await outputsOf(name);
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

  async read({ inputs }) {
    const found = await outputsOf(text(inputs, "name") ?? "");
    return found === undefined ? undefined : { inputs, outputs: found };
  },

  update: () => Promise.resolve({}),

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
