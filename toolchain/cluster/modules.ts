import type { GoModuleName } from "../go-tools";

/** What a cluster is made of; each is compiled from its Go module. */
export const CLUSTER_MODULES = [
  "kubernetes",
  "etcd",
  "coredns",
  "metrics-server",
  "local-path-provisioner",
] as const satisfies GoModuleName[];
