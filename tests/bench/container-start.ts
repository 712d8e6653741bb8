import * as fs from "node:fs";
import type { Benchmark } from "./benchmark";
import { median } from "./statistics";
import { untilAnswered } from "./support/answers";
import type { ContainerSite } from "./support/container-site";
import { confinementFlags, READY_WITHIN_MS, withBothBridges } from "./support/native-bridge";

const PAIRS = 9;
/** Unit of the times in /proc/<pid>/stat: USER_HZ, 100 on every Linux that Docker runs on. */
const TICKS_PER_SECOND = 100;

export const containerStart: Benchmark = {
  name: "container-start",
  unit: "s",
  goal: { ratio: { atMost: 1.2 } },
  peer: "the same process without a container",
  method:
    "From the start of the container's first process, as the kernel noted it, with the limits of the local stack, " +
    "until /ready answers 200 at its address; and from the start of the very same files as an ordinary process until " +
    "the same. In turn, with the same Postgres, Redis and upstream. What the engine does before there is a process " +
    "(network, file system, its own records) is in the note: no image can change it",
  run: ({ checkout, say }) =>
    withBothBridges(checkout, async ({ site, native }) => {
      const own: number[] = [];
      const peer: number[] = [];
      const whole: number[] = [];
      // The first of each warms the caches of the disk.
      for (let pair = 0; pair <= PAIRS; pair += 1) {
        const inside = await startInside(site);
        const outside = await seconds(() => native.start());
        await native.stop();
        if (pair === 0) continue;
        own.push(inside.process);
        peer.push(outside);
        whole.push(inside.whole);
        say(`pair ${pair}: ${inside.process.toFixed(2)} s in the container, ${outside.toFixed(2)} s natively`);
      }
      return { own, peer, note: `${median(whole).toFixed(2)} s from docker start` };
    }),
};

/** Seconds until a new container is ready: since its first process, and since `docker start`. */
async function startInside(site: ContainerSite): Promise<{ readonly process: number; readonly whole: number }> {
  const container = await site.make([...site.bridgeFlags, ...confinementFlags(), "--no-healthcheck"]);
  try {
    let process = 0;
    const whole = await seconds(async () => {
      await container.start();
      const pid = await container.pid();
      await untilAnswered(`http://${site.bridgeAddress}:8000/ready`, READY_WITHIN_MS, () => site.logs("made"));
      process = age(pid);
    });
    return { process, whole };
  } finally {
    await container.remove();
  }
}

/** How long a process has been there, in seconds. */
function age(pid: number): number {
  // The fields after the command's name, which may hold anything; the start's time is the 22nd of all.
  const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  const started = Number(fields[19]) / TICKS_PER_SECOND;
  return Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]) - started;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
