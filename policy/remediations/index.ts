import { kubernetesWorkloadDisableAccountToken } from "./kubernetes-workload-disable-account-token";
import { kubernetesWorkloadDropCapabilities } from "./kubernetes-workload-drop-capabilities";
import { kubernetesWorkloadSetSeccompProfile } from "./kubernetes-workload-set-seccomp-profile";
import type { Remediation } from "./remediation";

/** Every remediation. Each works where the pack's configuration says `remediate`, and nowhere that releases are promoted to. */
export const REMEDIATIONS: readonly Remediation[] = [
  kubernetesWorkloadDropCapabilities,
  kubernetesWorkloadSetSeccompProfile,
  kubernetesWorkloadDisableAccountToken,
];
