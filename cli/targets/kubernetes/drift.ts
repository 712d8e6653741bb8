/** Whether the pods that run are made from the images that the stack says, by the word of the nodes' container runtime. */
import type { V1Pod } from "@kubernetes/client-node";
import { SERVICE_LABEL } from "../../../components/kubernetes/names";
import { runsImage } from "../../../components/kubernetes/running-image";
import type { Difference } from "../../drift/report";
import type { Services } from "../target";

type Pod = Pick<V1Pod, "metadata" | "status">;

/** Those that serve: not what is being removed, and no job. */
const serving = (pods: readonly Pod[], service: string): readonly Pod[] =>
  pods.filter(
    ({ metadata, status }) =>
      metadata?.labels?.[SERVICE_LABEL] === service &&
      metadata.deletionTimestamp === undefined &&
      status?.phase === "Running",
  );

/**
 * @param told - names of what Pulumi's refresh has told of already.
 */
export function podDifferences(
  pods: readonly Pod[],
  services: Services,
  told: ReadonlySet<string>,
): readonly Difference[] {
  return Object.entries(services).flatMap(([service, { image, replicas }]): readonly Difference[] => {
    const its = serving(pods, service);
    const wrong = its.flatMap(({ metadata, status }): readonly Difference[] => {
      const actual = status?.containerStatuses?.[0]?.imageID ?? "";
      if (runsImage(actual, image)) return [];
      return [{ from: "container", subject: metadata?.name ?? service, property: "image", expected: image, actual }];
    });
    const few: readonly Difference[] =
      its.length < replicas && !told.has(service)
        ? [{ from: "container", subject: service, property: "replicas", expected: replicas, actual: its.length }]
        : [];
    return [...wrong, ...few];
  });
}
