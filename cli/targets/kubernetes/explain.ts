/** Why pods are not as they should be, in the words of the cluster and of the pods themselves. */
import type { CoreV1Event, V1PersistentVolumeClaim, V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../../../components/kubernetes/client";
import { instancesOf } from "./instances";
import { podsOf } from "./pods";

/** Of how many pods it is told: the first one says most, and replicas say the same. */
const MOST_PODS = 3;
const LAST_EVENTS = 4;
const LAST_LINES = 8;

const WRONG = new Set(["failed", "unhealthy", "not running", "starting"]);

/** What was refused longer ago has another reason than the failure that is asked about, in milliseconds. */
const RECENT_MS = 5 * 60_000;

/** What could not be made or bound, and a line for each pod that is not well with its last events and the end of its log. */
export async function explain(cluster: Cluster, namespace: string): Promise<readonly string[]> {
  const pods = await podsOf(cluster, namespace);
  const sick = instancesOf(pods).filter(({ health, state }) => WRONG.has(health) && state !== "terminating");
  const { items: events } = await cluster.core.listNamespacedEvent({ namespace });
  const { items: claims } = await cluster.core.listNamespacedPersistentVolumeClaim({ namespace });
  const told = sick.slice(0, MOST_PODS).map(async ({ name, state, health }) => {
    const pod = pods.find(({ metadata }) => metadata?.name === name);
    const lines = [
      ...eventsOf(events, name),
      ...memoryLines(pod),
      ...composingLines(pod),
      ...(await lastLines(cluster, namespace, pod)),
    ];
    return [`pod ${name} is ${health} (${state})`, ...lines.map((line) => `  ${line}`)];
  });
  const more = sick.length > MOST_PODS ? [`and ${sick.length - MOST_PODS} more pods`] : [];
  return [
    ...refusals(events, Date.now() - RECENT_MS),
    ...unbound(claims, events),
    ...(await Promise.all(told)).flat(),
    ...more,
  ];
}

/** What the event of a claim that waits for its first pod is called: nothing is wrong with that. */
const WAITS_FOR_POD = "WaitForFirstConsumer";

/** Claims that nobody makes a volume for, in the words of who should. */
export const unbound = (
  claims: readonly V1PersistentVolumeClaim[],
  events: readonly CoreV1Event[],
): readonly string[] =>
  claims
    .filter(({ status }) => status?.phase === "Pending")
    .flatMap(({ metadata, spec }) => {
      const { name = "", namespace = "" } = metadata ?? {};
      const said = eventsOf(events, name, "PersistentVolumeClaim").at(-1);
      if (said === undefined || said.startsWith(WAITS_FOR_POD)) return [];
      return [
        `the PersistentVolumeClaim ${name} has no volume yet (StorageClass ${spec?.storageClassName ?? "of the cluster"}): ${said}`,
        `  see to its provisioner; or, since nothing is in it, kubectl --namespace ${namespace} delete pvc ${name}, and ` +
          "deploy with another ralex:storageClass",
      ];
    });

/** That the kernel ended a container, with the limit that it met. */
export const memoryLines = (pod: Pick<V1Pod, "spec" | "status"> | undefined): readonly string[] =>
  (pod?.status?.containerStatuses ?? []).flatMap(({ name, state, lastState }) => {
    const killed = [state?.terminated, lastState?.terminated].some((ended) => ended?.reason === "OOMKilled");
    const limit = pod?.spec?.containers.find((one) => one.name === name)?.resources?.limits?.memory;
    return killed ? [`${name} needed more memory than its limit of ${limit}: set ralex:size to a larger one`] : [];
  });

/** Pods that a quota, a webhook or Pod Security did not let come to be: of these there is no pod that could tell. */
export function refusals(events: readonly CoreV1Event[], since: number): readonly string[] {
  const refused = events
    .filter((event) => event.reason === "FailedCreate" && timeOf(event) >= since)
    .sort((a, b) => timeOf(a) - timeOf(b))
    .map(({ involvedObject: { kind, name }, message }) => [`${kind} ${name}`, (message ?? "").trim()] as const);
  return [...new Map(refused)].map(([object, message]) => `${object} cannot make a pod: ${message}`);
}

/** The last events about an object, oldest first: what the scheduler, the node and the image store said of a pod. */
export const eventsOf = (events: readonly CoreV1Event[], of: string, kind = "Pod"): readonly string[] =>
  events
    .filter(({ involvedObject }) => involvedObject.name === of && involvedObject.kind === kind)
    .sort((a, b) => timeOf(a) - timeOf(b))
    .slice(-LAST_EVENTS)
    .map(({ reason, message }) => `${reason}: ${(message ?? "").trim()}`);

const timeOf = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
  new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();

/** What kept a pod's files from being composed: the container ended with it, and the next one says the same. */
export const composingLines = (pod: Pick<V1Pod, "status"> | undefined): readonly string[] =>
  (pod?.status?.initContainerStatuses ?? []).flatMap(({ name, state, lastState }) =>
    [state?.terminated, lastState?.terminated]
      .filter((ended) => ended !== undefined && ended.exitCode !== 0)
      .slice(0, 1)
      .flatMap((ended) => (ended?.message ?? "").split("\n"))
      .filter((line) => line !== "")
      .slice(-LAST_LINES)
      .map((line) => `${name}: ${line}`),
  );

/** Of a container that ends again and again the run before tells why. */
async function lastLines({ core }: Cluster, namespace: string, pod: V1Pod | undefined): Promise<readonly string[]> {
  const status = pod?.status?.containerStatuses?.[0];
  const name = pod?.metadata?.name;
  if (name === undefined || status === undefined) return [];
  const previous = status.state?.running === undefined && status.lastState?.terminated !== undefined;
  try {
    const text = await core.readNamespacedPodLog({ namespace, name, tailLines: LAST_LINES, previous });
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `log: ${line}`);
  } catch {
    // Of what never started there is no log, and the events have said so.
    return [];
  }
}
