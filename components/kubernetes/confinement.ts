import type { types } from "@pulumi/kubernetes";

/** What Pod Security's `restricted` asks of every container, and a read-only root beside it. */
export const CONFINEMENT: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
