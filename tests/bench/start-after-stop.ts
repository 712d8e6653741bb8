import * as fs from "node:fs";
import * as path from "node:path";
import { SAMPLES, type Benchmark } from "./benchmark";
import { COMPOSE_VERSION, ComposeProject } from "./support/compose/project";
import { withScratch } from "./support/scratch";
import { chat, settingsOf, stackSettings, withStack, type BenchStack } from "./support/stack";

/** Between the ports of the stack and those of its peer. */
const PEER_OFFSET = 100;

export const startAfterStop: Benchmark = {
  name: "start-after-stop",
  unit: "s",
  goal: { value: { atMost: 45 }, ratio: { atMost: 1.25 } },
  peer: "docker compose up -d --wait",
  method:
    "npm start after npm stop, everything cached, until the command has ended and a chat is answered through the edge. " +
    "The peer is docker compose up -d --wait, after docker compose down, of a Compose file generated from the same " +
    "model: the same images, files, limits, health checks and order, and data of its own; the two in turn, one stopped " +
    "while the other starts",
  run: ({ say }) =>
    withStack((stack) =>
      withScratch(async (scratch) => {
        await stack.ralex("start");
        const [key, peer] = [await stack.output("apiKey"), await composePeer(stack, scratch)];
        const { apiPort } = stackSettings(PEER_OFFSET);
        const samples: { own: number[]; peer: number[] } = { own: [], peer: [] };
        try {
          await stack.ralex("stop");
          // The first one makes the databases, as the first start of the stack did.
          await peer.up();
          await chat(apiPort, peer.apiKey);
          await peer.down();
          for (let pair = 1; pair <= SAMPLES; pair += 1) {
            const { seconds } = await stack.ralex("start");
            samples.own.push(seconds + (await chat(stackSettings().apiPort, key)));
            await stack.ralex("stop");
            samples.peer.push((await peer.up()) + (await chat(apiPort, peer.apiKey)));
            await peer.down();
            say(`pair ${pair}: ${samples.own.at(-1)?.toFixed(1)} s, Compose ${samples.peer.at(-1)?.toFixed(1)} s`);
          }
        } finally {
          await peer.remove();
        }
        return { ...samples, peerVersion: COMPOSE_VERSION };
      }),
    ),
};

/** The same images as the stack runs, under names and ports of its own. */
async function composePeer(stack: BenchStack, scratch: string): Promise<ComposeProject> {
  const { images } = JSON.parse(await stack.output("release")) as { images: Record<string, string> };
  const folder = path.join(scratch, "compose");
  fs.mkdirSync(folder);
  const settings = settingsOf(stackSettings(PEER_OFFSET));
  return ComposeProject.create({ settings, images, grafana: "grafana" in images, checkout: stack.folder, folder });
}
