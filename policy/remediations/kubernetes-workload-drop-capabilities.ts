import { podPathOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { isObject } from "../value";
import { changedAt, isUnset, type Remediation } from "./remediation";

const LISTS = ["initContainers", "containers"] as const;

/** A container that says nothing of capabilities needs none, as Pod Security's restricted level has it. */
export const kubernetesWorkloadDropCapabilities: Remediation = {
  name: "kubernetes-workload-drop-capabilities",
  title: "A container that says nothing of capabilities keeps none",
  rule: "K8-02",
  types: WORKLOAD_TYPES,
  apply: (type, properties) =>
    changedAt(properties, podPathOf(type), (spec) => {
      const changed = LISTS.flatMap((list) => {
        const items = spec[list];
        if (!Array.isArray(items)) return [];
        const mended = items.map(dropped);
        return mended.some((item, index) => item !== items[index]) ? [[list, mended] as const] : [];
      });
      return changed.length === 0 ? undefined : { ...spec, ...Object.fromEntries(changed) };
    }),
};

function dropped(container: unknown): unknown {
  if (!isObject(container)) return container;
  const context = container.securityContext ?? {};
  if (!isObject(context) || !isUnset(context, "capabilities")) return container;
  return { ...container, securityContext: { ...context, capabilities: { drop: ["ALL"] } } };
}
