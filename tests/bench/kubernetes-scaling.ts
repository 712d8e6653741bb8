import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterEnvironments } from "../support/cluster-environments";
import { SAMPLES, type Benchmark } from "./benchmark";
import { deploy, withClusterSite } from "./support/cluster-site";
import { median } from "./statistics";

const POLL_MS = 200;
const PATIENCE_MS = 120_000;

interface Rollout {
  readonly asked: number;
  readonly ready: number;
}

async function rollout(all: ClusterEnvironments): Promise<Rollout> {
  const said = await all.kubectl("get", "deployment", "api", "-o", "jsonpath={.spec.replicas} {.status.readyReplicas}");
  const [asked = "", ready = ""] = said.trim().split(" ");
  return { asked: Number(asked), ready: Number(ready || 0) };
}

/** Waits until something holds of the API's Deployment; returns when. @throws Error after two minutes. */
async function until(all: ClusterEnvironments, holds: (rollout: Rollout) => boolean): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await rollout(all);
    if (holds(now)) return performance.now();
    if (performance.now() > deadline) throw new Error(`the API still has ${now.ready} of ${now.asked} replicas ready`);
    await sleep(POLL_MS);
  }
}

/** Sets the number of replicas as people do, and waits for it. */
async function replicas(all: ClusterEnvironments, apiReplicas: number): Promise<void> {
  all.configure({ apiReplicas });
  await deploy(all);
  await until(all, ({ asked, ready }) => asked === apiReplicas && ready === apiReplicas);
}

export const kubernetesScale: Benchmark = {
  name: "kubernetes-scale-by-setting",
  unit: "s",
  goal: { value: { atMost: 10 } },
  method:
    "apiReplicas from 1 to 5 and ./ralex deploy: from when the Deployment is told until five replicas are ready, asked " +
    `every ${POLL_MS} ms. One node, image present`,
  run: async (context) => {
    const { all } = await withClusterSite(context);
    const own: number[] = [];
    while (own.length < SAMPLES) {
      await replicas(all, 1);
      const told = until(all, ({ asked }) => asked === 5);
      const ready = until(all, ({ ready: now }) => now === 5);
      await Promise.all([replicas(all, 5), told, ready]);
      own.push(((await ready) - (await told)) / 1000);
      context.say(`${own.at(-1)?.toFixed(1)} s`);
    }
    return { own };
  },
};

/** Chats that each replica has answered, by the name of its pod. */
async function answered(all: ClusterEnvironments): Promise<ReadonlyMap<string, number>> {
  const names = await all.kubectl("get", "pods", "-l", "app.kubernetes.io/name=api", "-o", "name");
  const pods = names.match(/(?<=pod\/)\S+/g) ?? [];
  const counts = pods.map(async (pod) => {
    const metrics = await all.kubectl(
      ...["get", "--raw", `/api/v1/namespaces/ralex-kstaging/pods/${pod}:8000/proxy/metrics`],
    );
    const lines = metrics.matchAll(/^ralex_requests_total\{route="\/v1\/chat\/completions".*\} (\S+)$/gm);
    return [pod, [...lines].reduce((sum, [, count]) => sum + Number(count), 0)] as const;
  });
  return new Map(await Promise.all(counts));
}

const SETTLED_MS = 30_000;
const COUNTED_MS = 10_000;

export const kubernetesBalance: Benchmark = {
  name: "kubernetes-balance",
  unit: "points",
  goal: { value: { atMost: 13.3 } },
  method:
    "From 1 to 3 replicas under 100 chats a second; 30 s after all are ready, the chats that each answers in 10 s. How " +
    "far the share that is farthest from a third is from it, in points of a hundred",
  run: async (context) => {
    const { all } = await withClusterSite(context);
    const own: number[] = [];
    while (own.length < SAMPLES) {
      await replicas(all, 1);
      const load = await all.load();
      try {
        await replicas(all, 3);
        await sleep(SETTLED_MS);
        const before = await answered(all);
        await sleep(COUNTED_MS);
        const after = await answered(all);
        const counts = [...after].map(([pod, count]) => count - (before.get(pod) ?? 0));
        const total = counts.reduce((sum, count) => sum + count, 0);
        const shares = counts.map((count) => (count / total) * 100);
        own.push(Math.max(...shares.map((share) => Math.abs(share - 100 / 3))));
        context.say(`shares ${shares.map((share) => share.toFixed(1)).join(", ")} %`);
      } finally {
        await load.stop();
      }
    }
    return { own };
  },
};

const AUTOSCALER_RUNS = 10;
/** A replica answers some 3000 a second with a whole core, so it is more than the tenth of one that it asks for. */
const STEP_PER_SECOND = 400;

export const kubernetesAutoscaling: Benchmark = {
  name: "kubernetes-autoscaling",
  unit: "s",
  goal: { value: { atMost: 30 } },
  method:
    `From a step of 0 to ${STEP_PER_SECOND} chats a second to the first new replica that is ready, by the ` +
    `HorizontalPodAutoscaler on CPU with the controllers' own periods; ${AUTOSCALER_RUNS} runs, the autoscaler made anew between them. ` +
    "metrics-server looks every 10 s",
  run: async (context) => {
    const { all } = await withClusterSite(context);
    all.configure({ apiReplicas: 1, apiMaxReplicas: 4 });
    await deploy(all);
    const own: number[] = [];
    while (own.length < AUTOSCALER_RUNS) {
      await all.kubectl("delete", "horizontalpodautoscaler", "api");
      await all.kubectl("scale", "deployment/api", "--replicas=1");
      await until(all, ({ asked, ready }) => asked === 1 && ready === 1);
      // Puts the autoscaler back, and what it reads of CPU is that of a stack at rest.
      await deploy(all);
      await sleep(15_000);
      const load = await all.load({ perSecond: STEP_PER_SECOND, streams: 0 });
      const began = performance.now();
      try {
        own.push(((await until(all, ({ ready }) => ready > 1)) - began) / 1000);
      } finally {
        await load.stop();
      }
      context.say(`${own.at(-1)?.toFixed(1)} s`);
    }
    all.configure();
    await deploy(all);
    const sorted = [...own].sort((a, b) => a - b);
    return { own, note: `p50 ${median(own).toFixed(1)} s, the slowest of ten ${sorted.at(-1)?.toFixed(1)} s` };
  },
};
