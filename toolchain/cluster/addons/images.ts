/** Images of what a cluster may be given beside its system pods. */
import * as path from "node:path";
import type { Recipe } from "../../substitutes/recipes";

const own = { group: "system-pods", folder: path.resolve(__dirname, "../images") } as const;

export const ADDON_IMAGES = {
  "kube-router": {
    ...own,
    name: "kube-router",
    tag: "2.1.0",
    packages: ["iptables", "ipset", "conntrack", "iproute2", "nftables", "busybox-static"],
    tool: "kube-router",
    sizeBudgetMiB: 150,
    expectedSeconds: 10,
  },
  contour: {
    ...own,
    name: "contour",
    tag: "1.33.8",
    packages: [],
    tool: "contour",
    sizeBudgetMiB: 80,
    expectedSeconds: 5,
  },
  keda: {
    ...own,
    name: "keda",
    tag: "2.21.0",
    packages: [],
    tool: "keda",
    sizeBudgetMiB: 320,
    expectedSeconds: 15,
  },
  // The nearest to the one that Contour's manifests name of those that PyPI has.
  envoy: {
    ...own,
    name: "envoy",
    tag: "1.38.3",
    packages: [],
    base: "python",
    sizeBudgetMiB: 220,
    expectedSeconds: 15,
  },
} as const satisfies Record<string, Recipe>;
