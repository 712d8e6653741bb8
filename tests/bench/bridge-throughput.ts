import { SAMPLES, type Benchmark } from "./benchmark";
import { bridgePython, withBridge } from "./support/bridge";
import { LITELLM, litellmVersion, startLitellm } from "./support/litellm";
import { withScratch } from "./support/scratch";
import { load } from "./support/wrk";

const CONNECTIONS = 16;
const SECONDS = 6;
const WARM_UP_SECONDS = 3;

export const bridgeThroughput: Benchmark = {
  name: "bridge-throughput",
  unit: "requests/s",
  goal: { ratio: { atLeast: 15 } },
  peer: LITELLM,
  method:
    `wrk, ${CONNECTIONS} connections, non-streaming chats, ${SECONDS} s a sample, the two in turn in front of the same ` +
    "local upstream, one worker each. The bridge checks an API key, counts a rate limit in Redis and records usage in " +
    "Postgres (that every request was recorded is checked afterwards), without a response cache; LiteLLM checks its " +
    "master key and has no database, rate limit or cache. Load, upstream and stores share the machine",
  run: (context) =>
    withBridge(context, "fixed", (host) =>
      withScratch(async (folder, processes) => {
        const bridge = await host.state();
        const python = await bridgePython(context.checkout);
        const litellm = await startLitellm(processes, python, folder, bridge.upstream);
        let asked = 0;
        const rate = async (seconds: number) => {
          const { requests, requestsPerSecond } = await load(bridge, CONNECTIONS, seconds);
          asked += requests;
          return requestsPerSecond;
        };
        await rate(WARM_UP_SECONDS);
        await load(litellm, CONNECTIONS, WARM_UP_SECONDS);
        const [own, peer]: [number[], number[]] = [[], []];
        for (let pair = 1; pair <= SAMPLES; pair += 1) {
          own.push(await rate(SECONDS));
          peer.push((await load(litellm, CONNECTIONS, SECONDS)).requestsPerSecond);
          context.say(`pair ${pair}: bridge ${own.at(-1)?.toFixed(0)}/s, LiteLLM ${peer.at(-1)?.toFixed(0)}/s`);
        }
        const { usage_rows: recorded } = await host.state();
        if (recorded < asked) throw new Error(`${asked} requests were answered and only ${recorded} recorded`);
        return { own, peer, peerVersion: `LiteLLM ${litellmVersion()}` };
      }),
    ),
};
