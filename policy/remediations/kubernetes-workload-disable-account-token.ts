import { podPathOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { changedAt, isUnset, type Remediation } from "./remediation";

/** Who talks to the API server says so; nobody else needs a token that does. */
export const kubernetesWorkloadDisableAccountToken: Remediation = {
  name: "kubernetes-workload-disable-account-token",
  title: "A pod that does not ask for the token of its service account gets none",
  rule: "K8-07",
  types: WORKLOAD_TYPES,
  apply: (type, properties) =>
    changedAt(properties, podPathOf(type), (spec) =>
      isUnset(spec, "automountServiceAccountToken") ? { ...spec, automountServiceAccountToken: false } : undefined,
    ),
};
