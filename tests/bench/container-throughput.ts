import type { Benchmark } from "./benchmark";
import { confinementFlags, READY_WITHIN_MS, withBothBridges } from "./support/native-bridge";
import { untilAnswered } from "./support/answers";
import { load } from "./support/wrk";

const CONNECTIONS = 16;
const SECONDS = 3;
/** Many and short, since a difference of a tenth is soon lost in what else the machine does. */
const PAIRS = 11;

export const containerThroughput: Benchmark = {
  name: "container-throughput",
  unit: "requests/s",
  goal: { ratio: { atLeast: 0.9 } },
  peer: "the same process without a container",
  method:
    `wrk, ${CONNECTIONS} connections, ${SECONDS} s a sample, the two in turn. One is the prod image in a container with ` +
    "the limits of the local stack, and its health check, asked at its address on a private network; the other is the very same files " +
    "(interpreter, packages, code, taken out of the image) as an ordinary process, asked on the loopback address. Both " +
    "use the same Postgres, Redis and upstream, which run in containers of that network",
  run: ({ checkout, say }) =>
    withBothBridges(checkout, async ({ site, image, native }) => {
      const inside = `http://${site.bridgeAddress}:8000`;
      await site.run("bridge", [...site.bridgeFlags, ...confinementFlags()], image);
      await untilAnswered(`${inside}/ready`, READY_WITHIN_MS, () => site.logs("bridge"));
      const outside = await native.start();
      const rate = async (base: string, seconds = SECONDS) =>
        (await load({ url: `${base}/v1/chat/completions`, key: site.key }, CONNECTIONS, seconds)).requestsPerSecond;
      for (const base of [inside, outside]) await rate(base, 2);
      const [own, peer]: [number[], number[]] = [[], []];
      for (let pair = 1; pair <= PAIRS; pair += 1) {
        own.push(await rate(inside));
        peer.push(await rate(outside));
        say(`pair ${pair}: ${own.at(-1)?.toFixed(0)}/s in the container, ${peer.at(-1)?.toFixed(0)}/s natively`);
      }
      return { own, peer };
    }),
};
