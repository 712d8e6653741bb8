/** Every benchmark, in the order of the table. */
import type { Benchmark } from "./benchmark";
import { bridgeMemory } from "./bridge-memory";
import { bridgeStart } from "./bridge-start";
import { bridgeTailLatency } from "./bridge-tail-latency";
import { bridgeThroughput } from "./bridge-throughput";
import { coldBuild } from "./cold-build";
import { containerStart } from "./container-start";
import { containerThroughput } from "./container-throughput";
import { devImageSize } from "./dev-image-size";
import { firstToken } from "./first-token";
import { freshMachine } from "./fresh-machine";
import {
  kubernetesFirstUp,
  kubernetesPromotion,
  kubernetesRollback,
  kubernetesUnchanged,
} from "./kubernetes-deployment";
import { kubernetesEdgeMemory, kubernetesThroughput } from "./kubernetes-resources";
import { kubernetesAutoscaling, kubernetesBalance, kubernetesScale } from "./kubernetes-scaling";
import { laptopStart } from "./laptop-start";
import { prodImageSize } from "./prod-image-size";
import { pinnedPreview, promotion, rollbackUnderLoad, rollingUpdate } from "./promotion";
import { rebuild } from "./rebuild";
import { releaseColdBuild } from "./release-cold-build";
import { releaseImageSize } from "./release-image-size";
import { releaseRebuild } from "./release-rebuild";
import { stateResources } from "./state-resources";
import { startAfterStop } from "./start-after-stop";
import { unchangedStart } from "./unchanged-start";

export const BENCHMARKS: readonly Benchmark[] = [
  bridgeThroughput,
  bridgeTailLatency,
  firstToken,
  bridgeMemory,
  bridgeStart,
  containerThroughput,
  containerStart,
  prodImageSize,
  devImageSize,
  rebuild,
  coldBuild,
  releaseImageSize,
  releaseRebuild,
  releaseColdBuild,
  unchangedStart,
  stateResources,
  startAfterStop,
  laptopStart,
  pinnedPreview,
  promotion,
  rollbackUnderLoad,
  rollingUpdate,
  kubernetesUnchanged,
  kubernetesPromotion,
  kubernetesRollback,
  kubernetesScale,
  kubernetesBalance,
  kubernetesAutoscaling,
  kubernetesThroughput,
  kubernetesEdgeMemory,
  kubernetesFirstUp,
  freshMachine,
];
