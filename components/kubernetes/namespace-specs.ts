/** What a namespace has before anything runs in it, as plain data. */
import type { types } from "@pulumi/kubernetes";
import type { Volume } from "../app/model";
import type { Settings } from "../settings/schema";
import { observabilityOf, STACK_LABEL } from "./names";

/** Metadata of the namespace: Pod Security refuses every pod that is not restricted. */
export const namespaceMeta = (stack: string, namespace: string) => ({
  name: namespace,
  labels: { [STACK_LABEL]: stack, ...podSecurity("enforce", "restricted"), ...podSecurity("warn", "restricted") },
});

/** Metadata of the namespace beside it: folders of a node are mounted there, which every stricter level refuses. */
export const observabilityMeta = (stack: string, namespace: string) => ({
  name: observabilityOf(namespace),
  labels: { [STACK_LABEL]: stack, ...podSecurity("enforce", "privileged") },
});

const podSecurity = (mode: "enforce" | "warn", level: "restricted" | "privileged") => ({
  [`pod-security.kubernetes.io/${mode}`]: level,
  [`pod-security.kubernetes.io/${mode}-version`]: "latest",
});

/** The account of every pod has no token. */
export const ACCOUNT = { automountServiceAccountToken: false } as const;

export const claimSpec = (
  { sizeGiB }: Volume,
  { storageClass }: Settings,
): types.input.core.v1.PersistentVolumeClaimSpec => ({
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage: `${sizeGiB}Gi` } },
  ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
});
