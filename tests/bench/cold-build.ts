import type { Benchmark } from "./benchmark";
import { BOTH, measureBuilds } from "./support/builds";

export const coldBuild: Benchmark = {
  name: "cold-build",
  unit: "s",
  goal: { value: { atMost: 90 } },
  method: `Native build without any cached layer or downloaded Python package: ${BOTH}`,
  run: async (context) => ({ own: await measureBuilds(context, true) }),
};
