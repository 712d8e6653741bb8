/** What the rules about pods have in common: each container with what its pod says for it. */
import { containersOfPod, podSpecOf } from "./readers/kubernetes";
import type { Container } from "./readers/container";
import { finding, propertiesOf, type Finding, type Resource } from "./rule";
import type { Value } from "./value";

export interface PodContainer extends Container {
  readonly pod: Value;
}

/** Containers of a workload; what an unknown specification has is one unknown container. */
export function podContainers(resource: Resource): readonly PodContainer[] {
  const pod = podSpecOf(resource.type, propertiesOf(resource));
  return containersOfPod(pod).map((container) => ({ ...container, pod }));
}

/** A field of the security context: the container's, or its pod's where the container says nothing. */
export function securityField({ value, pod }: PodContainer, key: string): Value {
  const own = value.get("securityContext").get(key);
  const common = pod.get("securityContext").get(key);
  return own.isAbsent && !common.isAbsent ? common : own;
}

/** A finding of each container of a workload that does not keep something. */
export const containerFindings = (
  resource: Resource,
  judge: (container: PodContainer) => readonly (readonly [Value, string])[],
): readonly Finding[] =>
  podContainers(resource).flatMap((container) =>
    judge(container).map(([at, message]) => finding(resource, at, `container ${container.name} ${message}`)),
  );

/** A place and what is wrong there, unless the value is as wanted. */
export const unlessKept = (isKept: boolean, at: Value, message: string): readonly (readonly [Value, string])[] =>
  isKept && !at.isUnknown ? [] : [[at, message]];
