/** What is in a stack's state, wherever it is kept. */
import type { Backend } from "./backend";
import type { Recorded } from "./checkpoint";

/** Everything in a stack's state; undefined when the backend does not know the stack. */
export async function resourcesOf(
  { backend }: { readonly backend: Pick<Backend, "deployment"> },
  project: string,
  stack: string,
): Promise<readonly Recorded[] | undefined> {
  const deployment = await backend.deployment({ project, stack });
  return deployment === undefined ? undefined : (deployment.resources ?? []);
}
