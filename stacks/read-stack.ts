import * as pulumi from "@pulumi/pulumi";

/**
 * One output of another stack of this backend, or undefined when there is no such stack.
 *
 * It is the engine's own stack reference, as a call: a `StackReference` resource that names a missing stack ends the
 * update before the program can say what to do about it.
 */
export async function readStack(project: string, stack: string, output: string): Promise<unknown> {
  const name = `${pulumi.getOrganization()}/${project}/${stack}`;
  try {
    const answer = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name })) as {
      outputs?: Record<string, unknown>;
    };
    return answer.outputs?.[output];
  } catch (error) {
    if (/unknown stack/.test(String(error))) return undefined;
    throw error;
  }
}
