import { SAMPLES, type Benchmark } from "./benchmark";
import { withBridge } from "./support/bridge";

export const bridgeStart: Benchmark = {
  name: "bridge-start",
  unit: "s",
  goal: { value: { atMost: 1.5 } },
  method: "From the start of the process until /ready answers 200, with Postgres, Redis and an upstream up",
  run: (context) =>
    withBridge(context, "fixed", async (host) => {
      const own: number[] = [];
      while (own.length < SAMPLES) own.push((await host.restart()).ready_seconds);
      return { own };
    }),
};
