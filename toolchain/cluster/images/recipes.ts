/** Images of the cluster's own pods. No stack runs them, so no image lock names them. */
import type { Recipe } from "../../substitutes/recipes";

const own = { group: "system-pods", folder: __dirname } as const;

export const SYSTEM_IMAGES = {
  // Holds the namespaces of a pod, and makes and removes the folders of volumes.
  busybox: {
    ...own,
    name: "busybox",
    tag: "1.35",
    packages: ["busybox-static"],
    sizeBudgetMiB: 30,
    expectedSeconds: 5,
  },
  coredns: {
    ...own,
    name: "coredns",
    tag: "1.15.0",
    packages: [],
    tool: "coredns",
    sizeBudgetMiB: 80,
    expectedSeconds: 5,
  },
  "metrics-server": {
    ...own,
    name: "metrics-server",
    tag: "0.9.0",
    packages: [],
    tool: "metrics-server",
    sizeBudgetMiB: 80,
    expectedSeconds: 5,
  },
  "local-path-provisioner": {
    ...own,
    name: "local-path-provisioner",
    tag: "0.0.30",
    packages: [],
    tool: "local-path-provisioner",
    sizeBudgetMiB: 60,
    expectedSeconds: 5,
  },
} as const satisfies Record<string, Recipe>;

export type SystemImage = keyof typeof SYSTEM_IMAGES;
