/** A stack's outputs, read without its secrets unless they are asked for. */
import { z } from "zod";
import { ralex } from "../components/command-line";
import { Failure } from "./failure";
import { PROJECT } from "./project";
import type { Workspace } from "./workspace";

const OUTPUTS = z.looseObject({
  webUrl: z.string(),
  apiUrl: z.string(),
  tlsUrl: z.string(),
  adminEmail: z.string(),
  release: z.strictObject({ id: z.string(), images: z.record(z.string(), z.string()), ran: z.array(z.string()) }),
  verification: z.strictObject({
    passed: z.boolean(),
    at: z.string().nullable(),
    checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })),
  }),
  services: z.record(z.string(), z.strictObject({ image: z.string(), replicas: z.number() })),
  substitutes: z.array(z.string()),
  imageLock: z.enum(["committed", "generated", "resolved", "named", "pinned"]),
  omissions: z.array(z.string()),
});

export type Outputs = z.infer<typeof OUTPUTS>;

/** Every output as JSON; secret ones read "[secret]". @throws Failure when the stack does not exist. */
async function rawOutputs(workspace: Workspace, stack: string, showSecrets: boolean): Promise<Record<string, unknown>> {
  const args = ["stack", "output", "--json", "--stack", await workspace.stackName(PROJECT, stack)];
  return JSON.parse(await workspace.capture(showSecrets ? [...args, "--show-secrets"] : args)) as Record<
    string,
    unknown
  >;
}

/** @throws Failure when the stack was never started. */
export async function readOutputs(workspace: Workspace, stack: string): Promise<Outputs> {
  const parsed = OUTPUTS.safeParse(await rawOutputs(workspace, stack, false));
  if (!parsed.success) throw new Failure(`the stack ${stack} has no outputs yet: run ${ralex("start", "-s", stack)}`);
  return parsed.data;
}

/** One output's value, secret or not. @throws Failure naming the outputs that exist. */
export async function readOutput(workspace: Workspace, stack: string, name: string): Promise<unknown> {
  const outputs = await rawOutputs(workspace, stack, true);
  if (!Object.hasOwn(outputs, name)) {
    const known = Object.keys(outputs).sort().join(", ");
    throw new Failure(`${stack} has no output ${name}; ${known === "" ? "it was never started" : `it has ${known}`}`);
  }
  return outputs[name];
}

/** All outputs, secrets masked. */
export const maskedOutputs = (workspace: Workspace, stack: string) => rawOutputs(workspace, stack, false);
