import type { Benchmark } from "./benchmark";
import { untilAnswered } from "./support/answers";
import { confinementFlags, READY_WITHIN_MS, withBothBridges } from "./support/native-bridge";

const PAIRS = 7;

export const containerStart: Benchmark = {
  name: "container-start",
  unit: "s",
  goal: { ratio: { atMost: 1.2 } },
  peer: "the same process without a container",
  method:
    "From docker start of a made container, with the limits of the local stack, until /ready answers 200 at its " +
    "address; and from the start of the very same files as an ordinary process until the same. In turn, with the same " +
    "Postgres, Redis and upstream",
  run: ({ checkout, say }) =>
    withBothBridges(checkout, async ({ site, native }) => {
      const flags = [...site.bridgeFlags, ...confinementFlags(), "--no-healthcheck"];
      const own: number[] = [];
      const peer: number[] = [];
      // The first of each warms the caches of the disk.
      for (let pair = 0; pair <= PAIRS; pair += 1) {
        const container = await site.make(flags);
        const inside = await seconds(async () => {
          await container.start();
          await untilAnswered(`http://${site.bridgeAddress}:8000/ready`, READY_WITHIN_MS, () => site.logs("made"));
        });
        await container.remove();
        const outside = await seconds(() => native.start());
        await native.stop();
        if (pair === 0) continue;
        own.push(inside);
        peer.push(outside);
        say(`pair ${pair}: ${inside.toFixed(2)} s in the container, ${outside.toFixed(2)} s natively`);
      }
      return { own, peer };
    }),
};

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
