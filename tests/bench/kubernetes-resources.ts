import { setTimeout as sleep } from "node:timers/promises";
import { SAMPLES, type Benchmark } from "./benchmark";
import { deploy, withClusterSite } from "./support/cluster-site";
import { load } from "./support/wrk";

const CONNECTIONS = 16;
const SECONDS = 3;
/** Many and short, since a difference of a tenth is soon lost in what else the machine does. */
const PAIRS = 11;
const API_PORT = 8000;

export const kubernetesThroughput: Benchmark = {
  name: "kubernetes-throughput",
  unit: "requests/s",
  goal: { ratio: { atLeast: 0.8 } },
  peer: "the same pod, asked at its own address",
  method:
    `wrk, ${CONNECTIONS} connections, ${SECONDS} s a sample, the two in turn, one replica, a model that answers at once. ` +
    "One way is the edge's Service, the edge, the API's Service; the other the address of the API's pod. Plain HTTP, and " +
    "all of it with wrk on the same two cores",
  run: async (context) => {
    const { all } = await withClusterSite(context);
    all.configure({ apiReplicas: 1 });
    await deploy(all);
    const ask = (...query: string[]) => all.kubectl("get", ...query);
    const edge = await ask("service", "edge", "-o", 'jsonpath={.spec.clusterIP}:{.spec.ports[?(@.name=="api")].port}');
    const pod = await ask("pods", "-l", "app.kubernetes.io/name=api", "-o", "jsonpath={.items[0].status.podIP}");
    const key = await all.output("apiKey");
    const rate = async (base: string, seconds = SECONDS) => {
      const endpoint = { url: `http://${base.trim()}/v1/chat/completions`, key, model: "echo" };
      return (await load(endpoint, CONNECTIONS, seconds)).requestsPerSecond;
    };
    const alone = `${pod.trim()}:${API_PORT}`;
    for (const base of [edge, alone]) await rate(base, 2);
    const [own, peer]: [number[], number[]] = [[], []];
    for (let pair = 1; pair <= PAIRS; pair += 1) {
      own.push(await rate(edge));
      peer.push(await rate(alone));
      context.say(
        `pair ${pair}: ${own.at(-1)?.toFixed(0)}/s through the edge, ${peer.at(-1)?.toFixed(0)}/s at the pod`,
      );
    }
    return { own, peer };
  },
};

interface PodMetrics {
  readonly items: readonly { readonly containers: readonly { readonly usage: { readonly memory: string } }[] }[];
}

const KIB = 1024;
const REST_MS = 60_000;
const BETWEEN_MS = 15_000;

/** Bytes of a quantity as the metrics server writes it: whole Ki or Mi. */
function bytes(quantity: string): number {
  const [, number = "", unit] = /^(\d+)(Ki|Mi)$/.exec(quantity) ?? [];
  if (number === "") throw new Error(`the metrics server says ${quantity}, which is no Ki and no Mi`);
  return Number(number) * (unit === "Mi" ? KIB * KIB : KIB);
}

export const kubernetesEdgeMemory: Benchmark = {
  name: "kubernetes-edge-memory",
  unit: "MB",
  goal: { value: { atMost: 700 } },
  method:
    `Working sets of all pods of the namespace in size edge, as the metrics server says, from ${REST_MS / 1000} s after the ` +
    `deployment on, every ${BETWEEN_MS / 1000} s; nobody asks anything`,
  run: async (context) => {
    const { all } = await withClusterSite(context);
    all.configure({ size: "edge", monitoring: "none", apiReplicas: 1 });
    await deploy(all);
    await sleep(REST_MS);
    const own: number[] = [];
    while (own.length < SAMPLES) {
      const said = await all.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/ralex-kstaging/pods");
      const { items } = JSON.parse(said) as PodMetrics;
      const used = items.flatMap(({ containers }) => containers.map(({ usage }) => bytes(usage.memory)));
      own.push(used.reduce((sum, one) => sum + one, 0) / 1e6);
      context.say(`${own.at(-1)?.toFixed(0)} MB in ${items.length} pods`);
      await sleep(BETWEEN_MS);
    }
    all.configure();
    await deploy(all);
    return { own };
  },
};
