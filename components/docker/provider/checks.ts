/** Verifies the running deployment: every container runs the image that it should, and the probe's checks pass. */
import type { Check, Verification } from "../../app/outputs";
import type { Kind } from "../../provider/kind";
import { probeFailed, probeReport, requirePassed, verificationOf } from "../../provider/probe-report";
import { engine, inspected, limitProcesses, runToEnd, unlessGone } from "./engine";

export interface Expected {
  readonly name: string;
  /** `repository@sha256:…` */
  readonly image: string;
}

export interface ChecksInputs {
  readonly containers: readonly (Expected & { readonly id: string })[];
  readonly probe: { readonly name: string; readonly id: string; readonly pids: number };
}

export interface ChecksOutputs {
  /** Docker's ids of all that was checked and of the probe, which change with anything that a container is made from. */
  readonly ids: readonly unknown[];
  readonly result: Verification;
}

/** What runs, asked of the engine: a label or a configuration says only what was meant to run. */
async function digests(containers: readonly Expected[]): Promise<Check> {
  const known = new Map<string, Promise<readonly string[]>>();
  const digestsOf = (image: string) => {
    const asked =
      known.get(image) ?? unlessGone(engine().getImage(image).inspect()).then((found) => found?.RepoDigests ?? []);
    known.set(image, asked);
    return asked;
  };
  const problems = await Promise.all(
    containers.map(async ({ name, image }) => {
      const found = await inspected(name);
      if (found === undefined) return [`${name} does not exist`];
      if (!found.State.Running) return [`${name} is ${found.State.Status}`];
      const its = await digestsOf(found.Image);
      return its.includes(image) ? [] : [`${name} runs ${found.Image} (${its.join(", ")}) instead of ${image}`];
    }),
  );
  const wrong = problems.flat();
  const detail = wrong.length > 0 ? wrong.join("; ") : `${containers.length} containers`;
  return { name: "every container runs its pinned digest", passed: wrong.length === 0, detail };
}

async function probed(probe: string, signal: AbortSignal): Promise<readonly Check[]> {
  try {
    const { stdout, stderr } = await runToEnd(probe, signal);
    return probeReport(stdout) ?? probeFailed(`${stderr}${stdout}`, `${probe} said nothing`);
  } catch (error) {
    return probeFailed(error instanceof Error ? error.message : String(error), `${probe} could not be run`);
  }
}

/** @param probe - name of the container with the checks, made and not running. */
export async function verify(
  containers: readonly Expected[],
  probe: string,
  signal = new AbortController().signal,
): Promise<Verification> {
  return verificationOf([await digests(containers), ...(await probed(probe, signal))]);
}

/** While what is replaced with a container is worked out, the engine gives a whole input as a mark of the unknown. */
const idsOf = ({ containers, probe }: ChecksInputs): readonly unknown[] =>
  Array.isArray(containers)
    ? [...(containers as ChecksInputs["containers"]).map(({ id }) => id), probe.id]
    : [containers];

export const checks: Kind<ChecksInputs, ChecksOutputs> = {
  compared: (inputs) => ({ ids: idsOf(inputs) }),
  replaces: ["ids"],

  async create(inputs, { signal }) {
    await limitProcesses(inputs.probe.name, inputs.probe.pids);
    const result = await verify(inputs.containers, inputs.probe.name, signal);
    requirePassed(result);
    return { id: inputs.probe.name, outputs: { ids: idsOf(inputs), result } };
  },
};
