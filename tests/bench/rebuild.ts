import type { Benchmark } from "./benchmark";
import { BOTH, measureBuilds } from "./support/builds";

export const rebuild: Benchmark = {
  name: "rebuild",
  unit: "s",
  goal: { value: { atMost: 5 } },
  method: `Native build after a change of one code file: ${BOTH}`,
  run: async (context) => ({ own: await measureBuilds(context, false) }),
};
