/** One comment a pull request, kept up to date: found wherever it is, edited in place, made anew where it is gone. */
import { isPreviewComment, runOf, substance } from "../render/comment";
import type { Forge, ForgeComment } from "./forge";

/** What became of a comment. */
export type Published = "created" | "edited" | "left as it is" | "left to a newer run";

/**
 * @param run - rises from run to run; a comment of a newer one is left alone.
 * @throws ForgeError where the forge refuses it.
 */
export async function publishComment(forge: Forge, text: string, run: number | undefined): Promise<Published> {
  const found = await ownComments(forge);
  const published = await put(forge, text, run, found);
  if (published !== "created") await removeOthers(forge, found.slice(1));
  return published;
}

const ownComments = async (forge: Forge): Promise<readonly ForgeComment[]> =>
  (await forge.comments()).filter(({ text, isOwn }) => isOwn && isPreviewComment(text));

async function put(
  forge: Forge,
  text: string,
  run: number | undefined,
  [oldest]: readonly ForgeComment[],
): Promise<Published> {
  if (oldest === undefined) return create(forge, text, run);
  if (isNewer(oldest, run)) return "left to a newer run";
  if (substance(oldest.text) === substance(text)) return "left as it is";
  return (await forge.edit(oldest.id, text)) ? "edited" : create(forge, text, run);
}

/** Another run may have made one at the same moment: the oldest stays, with what the newer of both says. */
async function create(forge: Forge, text: string, run: number | undefined): Promise<Published> {
  const made = await forge.create(text);
  const [oldest, ...others] = await ownComments(forge);
  if (oldest === undefined || oldest.id === made.id) return "created";
  const isLeft = isNewer(oldest, run);
  if (!isLeft && substance(oldest.text) !== substance(text)) await forge.edit(oldest.id, text);
  await removeOthers(forge, others);
  return isLeft ? "left to a newer run" : "edited";
}

const isNewer = ({ text }: ForgeComment, run: number | undefined): boolean =>
  run !== undefined && (runOf(text) ?? 0) > run;

async function removeOthers(forge: Forge, others: readonly ForgeComment[]): Promise<void> {
  for (const { id } of others) await forge.remove(id);
}
