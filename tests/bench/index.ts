/** Every benchmark, in the order of the table. */
import type { Benchmark } from "./benchmark";
import { bridgeMemory } from "./bridge-memory";
import { bridgeStart } from "./bridge-start";
import { bridgeTailLatency } from "./bridge-tail-latency";
import { bridgeThroughput } from "./bridge-throughput";
import { coldBuild } from "./cold-build";
import { containerThroughput } from "./container-throughput";
import { devImageSize } from "./dev-image-size";
import { firstToken } from "./first-token";
import { freshMachine } from "./fresh-machine";
import { prodImageSize } from "./prod-image-size";
import { rebuild } from "./rebuild";
import { startAfterStop } from "./start-after-stop";
import { unchangedStart } from "./unchanged-start";

export const BENCHMARKS: readonly Benchmark[] = [
  bridgeThroughput,
  bridgeTailLatency,
  firstToken,
  bridgeMemory,
  bridgeStart,
  containerThroughput,
  prodImageSize,
  devImageSize,
  rebuild,
  coldBuild,
  unchangedStart,
  startAfterStop,
  freshMachine,
];
