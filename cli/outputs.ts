/** A stack's outputs, read without its secrets unless they are asked for. */
import { z } from "zod";
import { ralex } from "../components/command-line";
import { recordedOutputs } from "./backend/resources";
import { holdsSecret, replaceSecrets } from "./backend/secrets";
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
  elsewhere: z.record(z.string(), z.string()).optional(),
});

export type Outputs = z.infer<typeof OUTPUTS>;

/** What stands for a secret where none is shown; Pulumi's own word. */
const MASK = "[secret]";

/** All outputs, secrets masked. @throws Failure where there is no such stack. */
export async function maskedOutputs(workspace: Workspace, stack: string): Promise<Record<string, unknown>> {
  return replaceSecrets(await outputsIn(workspace, stack), MASK) as Record<string, unknown>;
}

/** The outputs that commands read; undefined where the stack was never brought up. */
export async function findOutputs(workspace: Workspace, stack: string): Promise<Outputs | undefined> {
  return OUTPUTS.safeParse(replaceSecrets(await recordedOutputs(workspace, PROJECT, stack), MASK)).data;
}

/** @throws Failure when the stack was never started. */
export async function readOutputs(workspace: Workspace, stack: string): Promise<Outputs> {
  const outputs = await findOutputs(workspace, stack);
  if (outputs === undefined)
    throw new Failure(`the stack ${stack} has no outputs yet: run ${ralex("start", "-s", stack)}`);
  return outputs;
}

/** One output's value, secret or not. @throws Failure naming the outputs that exist. */
export async function readOutput(workspace: Workspace, stack: string, name: string): Promise<unknown> {
  const outputs = await outputsIn(workspace, stack);
  const elsewhere = commandFor(outputs, name);
  if (elsewhere !== undefined) {
    throw new Failure(
      `${stack} does not know ${name}, which is in a Secret that you made. This prints it:\n  ${elsewhere}`,
    );
  }
  if (!Object.hasOwn(outputs, name)) {
    const known = Object.keys(outputs).sort().join(", ");
    throw new Failure(`${stack} has no output ${name}; ${known === "" ? "it was never started" : `it has ${known}`}`);
  }
  return holdsSecret(outputs[name]) ? decrypted(workspace, stack, name) : outputs[name];
}

/** The command that prints what the stack itself does not know. */
const commandFor = (outputs: Readonly<Record<string, unknown>>, name: string): string | undefined =>
  OUTPUTS.shape.elsewhere.safeParse(outputs.elsewhere).data?.[name];

async function outputsIn(workspace: Workspace, stack: string): Promise<Readonly<Record<string, unknown>>> {
  const outputs = await recordedOutputs(workspace, PROJECT, stack);
  if (outputs !== undefined) return outputs;
  throw new Failure(
    `there is no stack ${stack} in ${workspace.backend.address}: ${ralex("start", "-s", stack)} makes it`,
  );
}

/** Pulumi alone has the key. */
async function decrypted(workspace: Workspace, stack: string, name: string): Promise<unknown> {
  const args = ["stack", "output", "--json", "--show-secrets", "--stack", await workspace.stackName(PROJECT, stack)];
  return (JSON.parse(await workspace.capture(args)) as Record<string, unknown>)[name];
}
