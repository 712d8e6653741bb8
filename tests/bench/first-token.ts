import { SAMPLES, type Benchmark } from "./benchmark";
import { bridgePython, measureIn, withBridge } from "./support/bridge";
import { MODEL } from "./support/endpoint";
import { median } from "./statistics";

const STREAMS = 200;

export const firstToken: Benchmark = {
  name: "first-token",
  unit: "ms over the upstream",
  goal: { value: { atMost: 5 } },
  method:
    "Time until the first piece of text of a streamed chat, through the bridge minus straight from the same local " +
    `upstream: medians of ${STREAMS} streams each, one after the other on a kept connection, the two in turn`,
  run: (context) =>
    withBridge(context, "streaming", async (host) => {
      const bridge = await host.state();
      const python = await bridgePython(context.checkout);
      const upstream = { url: `${bridge.upstream}/chat/completions`, key: "none" };
      const first = async ({ url, key }: { url: string; key: string }) =>
        median(await measureIn<number[]>(python, "first_tokens.py", { url, key, model: MODEL, count: STREAMS }));
      await first(bridge);
      const own: number[] = [];
      for (let pair = 1; pair <= SAMPLES; pair += 1) {
        const through = await first(bridge);
        const alone = await first(upstream);
        own.push(through - alone);
        context.say(`pair ${pair}: ${through.toFixed(2)} ms through the bridge, ${alone.toFixed(2)} ms alone`);
      }
      return { own };
    }),
};
