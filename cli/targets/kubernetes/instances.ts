/** A stack's pods as the commands show them. */
import type { V1Pod } from "@kubernetes/client-node";
import { SERVICE_LABEL } from "../../../components/kubernetes/names";
import type { Instance, InstanceHealth } from "../target";

type Pod = Pick<V1Pod, "metadata" | "spec" | "status">;

/** The state of every pod, by name. One that is being replaced is shown until it is gone. */
export const instancesOf = (pods: readonly Pod[]): readonly Instance[] =>
  pods.map(instanceOf).sort((a, b) => (a.name < b.name ? -1 : 1));

function instanceOf(pod: Pod): Instance {
  const { metadata, spec, status } = pod;
  const container = status?.containerStatuses?.[0];
  return {
    name: metadata?.name ?? "",
    service: metadata?.labels?.[SERVICE_LABEL] ?? "",
    state: stateOf(pod),
    health: spec?.restartPolicy === "Never" ? jobHealth(status?.phase) : serviceHealth(pod),
    image: container?.imageID || spec?.containers[0]?.image || "",
  };
}

/** The most telling word that Kubernetes has: `ImagePullBackOff` rather than `Pending`. */
function stateOf({ metadata, status }: Pod): string {
  if (metadata?.deletionTimestamp !== undefined) return "terminating";
  const state = status?.containerStatuses?.[0]?.state;
  const reason = state?.waiting?.reason ?? (status?.phase === "Failed" ? state?.terminated?.reason : undefined);
  return reason ?? (status?.phase ?? "unknown").toLowerCase();
}

function jobHealth(phase: string | undefined): InstanceHealth {
  if (phase === "Succeeded") return "done";
  return phase === "Failed" ? "failed" : "-";
}

function serviceHealth({ metadata, spec, status }: Pod): InstanceHealth {
  if (metadata?.deletionTimestamp !== undefined || status?.phase !== "Running") {
    return status?.phase === "Pending" ? "starting" : "not running";
  }
  const container = status.containerStatuses?.[0];
  if (container?.state?.running === undefined) return "not running";
  if (spec?.containers[0]?.readinessProbe === undefined) return "-";
  if (container.ready) return "healthy";
  return container.started === true ? "unhealthy" : "starting";
}
