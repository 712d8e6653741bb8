/** Verifies the running deployment: every pod runs the image that it should, and the probe's checks pass. */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import type { Check, Verification } from "../../app/outputs";
import type { Kind } from "../../provider/kind";
import { probeFailed, probeReport, requirePassed, verificationOf } from "../../provider/probe-report";
import { connectCluster, podsIn, reasonOf, type Cluster } from "../client";
import { SERVICE_LABEL } from "../names";
import { runsImage } from "../running-image";
import type { Expected } from "../verification";
import { rolloutsOf, type Rollouts } from "./rollouts";

export interface ChecksInputs {
  readonly context: string;
  readonly namespace: string;
  readonly services: readonly Expected[];
  /** The Job with the checks, which is made for each verification and removed after it. */
  readonly probe: V1Job;
  /** Changes with anything that a pod is made from. */
  readonly hash: string;
}

export interface ChecksOutputs {
  readonly hash: string;
  /** Of what was verified: pods that were made anew since were not. */
  readonly rollouts: Rollouts;
  readonly result: Verification;
}

/** Whether a pod counts: one that is being removed, or ran to its end, serves nobody. */
const serves = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined && !["Succeeded", "Failed"].includes(status?.phase ?? "");

/** What runs, by the word of the node's container runtime: a specification says only what was meant to run. */
function digests(pods: readonly V1Pod[], services: readonly Expected[]): Check {
  const wrong = services.flatMap(({ service, image, replicas }) => {
    const its = pods.filter((pod) => pod.metadata?.labels?.[SERVICE_LABEL] === service && serves(pod));
    const few = its.length < replicas ? [`${service} has ${its.length} of ${replicas} pods`] : [];
    return [
      ...few,
      ...its.flatMap((pod) =>
        (pod.status?.containerStatuses ?? [{ imageID: "", ready: false }]).flatMap(({ imageID, ready }) => {
          const name = pod.metadata?.name ?? service;
          if (!runsImage(imageID, image)) return [`${name} runs ${imageID || "nothing"} instead of ${image}`];
          return ready ? [] : [`${name} is not ready`];
        }),
      ),
    ];
  });
  const detail = wrong.length > 0 ? wrong.join("; ") : `${services.length} services`;
  return { name: "every container runs its pinned digest", passed: wrong.length === 0, detail };
}

const POLL_MS = 500;

/** Runs the Job to its end and returns what its pod wrote. Nothing of it is left behind. */
async function runToEnd({ core, batch }: Cluster, namespace: string, job: V1Job, signal: AbortSignal): Promise<string> {
  const made = await batch.createNamespacedJob({ namespace, body: job });
  const name = made.metadata?.name ?? "";
  try {
    const seconds = made.spec?.activeDeadlineSeconds ?? 180;
    const deadline = Date.now() + (seconds + 10) * 1000;
    for (;;) {
      if (signal.aborted) throw new Error("interrupted while the checks ran");
      const { status } = await batch.readNamespacedJobStatus({ namespace, name });
      if ((status?.succeeded ?? 0) + (status?.failed ?? 0) > 0) break;
      if (Date.now() > deadline) throw new Error(await whyNot(core, namespace, name, seconds));
      await sleep(POLL_MS);
    }
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `job-name=${name}` });
    const pod = items.at(-1)?.metadata?.name;
    if (pod === undefined) throw new Error(await whyNot(core, namespace, name, seconds));
    return await core.readNamespacedPodLog({ namespace, name: pod });
  } finally {
    await batch
      .deleteNamespacedJob({ namespace, name, propagationPolicy: "Background" })
      .catch((error: unknown) => console.error(`the Job ${name} could not be removed: ${reasonOf(error)}`));
  }
}

/** The last thing that the cluster says about a Job that did not run. */
async function whyNot(core: Cluster["core"], namespace: string, job: string, seconds: number): Promise<string> {
  const { items } = await core.listNamespacedEvent({ namespace });
  const said = items.filter(({ involvedObject }) => involvedObject.name?.startsWith(job) === true).at(-1);
  return `the Job ${job} did not run within ${seconds} s${said === undefined ? "" : `: ${said.reason}, ${said.message}`}`;
}

export async function verify(
  inputs: Omit<ChecksInputs, "hash">,
  signal = new AbortController().signal,
): Promise<Verification> {
  const { context, namespace, services, probe } = inputs;
  const cluster = await connectCluster(context);
  const running = await settled(cluster, namespace, services, signal);
  return verificationOf([running, ...(await probed(cluster, namespace, probe, signal))]);
}

/** A rollout may be told as done while its last pod is about to become ready, in milliseconds. */
const SETTLING_MS = 30_000;

async function settled(
  { core }: Cluster,
  namespace: string,
  services: readonly Expected[],
  signal: AbortSignal,
): Promise<Check> {
  const namespaces = [...new Set([namespace, ...services.map((service) => service.namespace ?? namespace)])];
  const deadline = Date.now() + SETTLING_MS;
  for (;;) {
    const check = digests(await podsIn({ core }, namespaces), services);
    if (check.passed || signal.aborted || Date.now() > deadline) return check;
    await sleep(POLL_MS);
  }
}

async function probed(...job: Parameters<typeof runToEnd>): Promise<readonly Check[]> {
  try {
    const said = await runToEnd(...job);
    return probeReport(said) ?? probeFailed(said, "the probe said nothing");
  } catch (error) {
    return probeFailed(reasonOf(error), "the probe could not be run");
  }
}

/** Undefined where the cluster does not answer, or not to this user: whatever else is asked of it tells so. */
async function rolloutsNow({ context, namespace, services }: ChecksInputs): Promise<Rollouts | undefined> {
  try {
    return await rolloutsOf(await connectCluster(context), namespace, services);
  } catch {
    return undefined;
  }
}

export const checks: Kind<ChecksInputs, ChecksOutputs> = {
  compared: ({ hash }) => ({ hash }),
  replaces: ["hash", "rollouts"],

  // A failed update leaves pods behind that the next one takes back: its inputs are those of before, and nobody asked the
  // pods.
  async observed(inputs) {
    const rollouts = await rolloutsNow(inputs);
    return rollouts === undefined ? {} : { rollouts };
  },

  async create(inputs, { signal }) {
    const result = await verify(inputs, signal);
    requirePassed(result);
    const rollouts = (await rolloutsNow(inputs)) ?? {};
    return { id: inputs.namespace, outputs: { hash: inputs.hash, result, rollouts } };
  },
};
