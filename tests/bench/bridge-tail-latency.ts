import { SAMPLES, type Benchmark, type Samples } from "./benchmark";
import { bridgePython, measureIn, withBridge } from "./support/bridge";
import { MODEL, type Endpoint } from "./support/endpoint";
import { LITELLM, litellmVersion, startLitellm } from "./support/litellm";
import { withScratch } from "./support/scratch";
import { load } from "./support/wrk";

const SECONDS = 10;
const WARM_UP_SECONDS = 2;
/** Shares of LiteLLM's closed-loop throughput that are tried, in order. */
const SHARES = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5] as const;
/** In flight while the throughput is found. */
const CONNECTIONS = 16;
/** A rate is held while not more than this many times as many requests wait for their answers. */
const GROWTH = 2;

interface Tail {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly last_fifth_ms: number;
}

export const bridgeTailLatency: Benchmark = {
  name: "bridge-tail-latency",
  unit: "ms",
  goal: { ratio: { atMost: 0.1 } },
  peer: LITELLM,
  method:
    "99th percentile at a constant rate (open loop): requests are sent when due, whatever earlier ones do, and measured " +
    `from when they were due; ${SECONDS} s a sample after ${WARM_UP_SECONDS} s that do not count, the two in turn. The ` +
    "rate is the highest of 95, 90, 85, 80, 70, 60 and 50 % of LiteLLM's closed-loop throughput (16 connections) at " +
    "which, in every sample, its requests take at most twice as long as those 16 did, in the median and towards the end, " +
    "so that no backlog grows. Set up as for bridge-throughput",
  run: (context) =>
    withBridge(context, "fixed", (host) =>
      withScratch(async (folder, processes) => {
        const bridge = await host.state();
        const python = await bridgePython(context.checkout);
        const litellm = await startLitellm(processes, python, folder, bridge.upstream);
        const tail = (endpoint: Endpoint, rate: number, seconds = SECONDS) => {
          const { url, key } = endpoint;
          const plan = { url, key, model: MODEL, rate, seconds, warm_up: WARM_UP_SECONDS };
          return measureIn<Tail>(python, "open_loop.py", plan);
        };
        await load(litellm, CONNECTIONS, 3);
        const { requestsPerSecond: capacity } = await load(litellm, CONNECTIONS, 8);
        // By Little's law: the mean time of an answer with so many in flight.
        const usual = (CONNECTIONS / capacity) * 1000;
        const holds = ({ p50_ms: middle, last_fifth_ms: last }: Tail) => Math.max(middle, last) <= GROWTH * usual;
        for (const share of SHARES) {
          const rate = Math.floor(capacity * share);
          const note = `at ${rate} requests/s, ${share * 100} % of LiteLLM's ${capacity.toFixed(0)}`;
          context.say(note);
          const samples = await pairs(
            () => tail(bridge, rate),
            () => tail(litellm, rate),
            holds,
            context.say,
          );
          if (samples !== undefined) return { ...samples, peerVersion: `LiteLLM ${litellmVersion()}`, note };
        }
        throw new Error(`LiteLLM held no rate down to half of its ${capacity.toFixed(0)} requests/s`);
      }),
    ),
};

/** Samples in turn; undefined as soon as the peer does not hold the rate. */
async function pairs(
  own: () => Promise<Tail>,
  peer: () => Promise<Tail>,
  holds: (theirs: Tail) => boolean,
  say: (line: string) => void,
): Promise<Samples | undefined> {
  const samples: { own: number[]; peer: number[] } = { own: [], peer: [] };
  for (let pair = 1; pair <= SAMPLES; pair += 1) {
    const theirs = await peer();
    if (!holds(theirs)) return undefined;
    const ours = await own();
    samples.own.push(ours.p99_ms);
    samples.peer.push(theirs.p99_ms);
    say(`pair ${pair}: bridge ${ours.p99_ms.toFixed(1)} ms, LiteLLM ${theirs.p99_ms.toFixed(1)} ms`);
  }
  return samples;
}
