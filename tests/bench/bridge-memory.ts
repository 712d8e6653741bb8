import { SAMPLES, type Benchmark } from "./benchmark";
import { withBridge } from "./support/bridge";
import { load } from "./support/wrk";

const LOAD_SECONDS = 3;

export const bridgeMemory: Benchmark = {
  name: "bridge-memory",
  unit: "MB",
  goal: { value: { atMost: 90 } },
  method: `Resident memory (10^6 bytes) of a bridge that has just answered ${LOAD_SECONDS} s of load on 16 connections`,
  run: (context) =>
    withBridge(context, "fixed", async (host) => {
      const own: number[] = [];
      while (own.length < SAMPLES) {
        await load(await host.restart(), 16, LOAD_SECONDS);
        own.push((await host.state()).resident_mb);
      }
      return { own };
    }),
};
