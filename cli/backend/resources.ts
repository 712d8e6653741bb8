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

/**
 * What a stack has put out, as its state says it, with its secrets in it as ciphertext; undefined when the backend does
 * not know the stack. To ask Pulumi itself takes most of a second.
 */
export async function recordedOutputs(
  from: { readonly backend: Pick<Backend, "deployment"> },
  project: string,
  stack: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const resources = await resourcesOf(from, project, stack);
  return resources && (resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {});
}
