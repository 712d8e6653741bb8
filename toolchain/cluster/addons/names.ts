/** What a cluster may be given beside its system pods. */
export const ADDON_NAMES = ["network-policies", "contour", "keda", "service-monitors"] as const;

export type AddonName = (typeof ADDON_NAMES)[number];
