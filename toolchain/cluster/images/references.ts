import { ensureBuildkit } from "../../engines/buildkit";
import { ensureRegistry } from "../../engines/registry";
import { ensureImage } from "../../substitutes/build";
import type { Recipe } from "../../substitutes/recipes";

/** Images by digest, from the registry that both this machine and the nodes use; built first where they are not there. */
export async function imageReferences<Name extends string>(
  recipes: Readonly<Record<Name, Recipe>>,
): Promise<Readonly<Record<Name, string>>> {
  await Promise.all([ensureRegistry(), ensureBuildkit()]);
  const built = await Promise.all(
    Object.entries<Recipe>(recipes).map(async ([name, recipe]) => {
      const { repository, digest } = await ensureImage(recipe);
      return [name, `${repository}@${digest}`] as const;
    }),
  );
  return Object.fromEntries(built) as Record<Name, string>;
}
