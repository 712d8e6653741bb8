import { podPathOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { isObject } from "../value";
import { changedAt, isUnset, type Remediation } from "./remediation";

/** The runtime's own profile, which every program runs under on Docker; a container that names another keeps it. */
export const kubernetesWorkloadSetSeccompProfile: Remediation = {
  name: "kubernetes-workload-set-seccomp-profile",
  title: "A pod that names no seccomp profile has the runtime's own",
  rule: "K8-02",
  types: WORKLOAD_TYPES,
  apply: (type, properties) =>
    changedAt(properties, podPathOf(type), (spec) => {
      const context = spec.securityContext ?? {};
      if (!isObject(context) || !isUnset(context, "seccompProfile")) return undefined;
      return { ...spec, securityContext: { ...context, seccompProfile: { type: "RuntimeDefault" } } };
    }),
};
