/** Sizes of an environment, smallest first. */
import type { Problem } from "./problem";

export const SIZE_NAMES = ["edge", "small", "standard", "large"] as const;
export type SizeName = (typeof SIZE_NAMES)[number];

/** What does not fit into a size. @param parsed - of the settings that are valid by themselves. */
export function sizeClashes(parsed: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { size, monitoring, serviceMonitors, apiReplicas, apiMaxReplicas } = parsed;
  if (size !== "edge") return [];
  const problem = (key: string, message: string): Problem => ({ key, source: "all settings", message });
  return [
    ...(monitoring === "own"
      ? [problem("monitoring", "own does not fit into size edge: set it to none, or size to small")]
      : []),
    ...(serviceMonitors !== undefined
      ? [
          problem(
            "serviceMonitors",
            "brings exporters, which do not fit into size edge: remove it, or set size to small",
          ),
        ]
      : []),
    ...(typeof apiReplicas === "number" && apiReplicas > 1
      ? [problem("apiReplicas", "is 1 in size edge: set it to 1, or size to small")]
      : []),
    ...(typeof apiMaxReplicas === "number" && apiMaxReplicas > 1
      ? [problem("apiMaxReplicas", "scales nothing in size edge: set it to 0, or size to small")]
      : []),
  ];
}
