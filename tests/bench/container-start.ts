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
    "From the start of the image's process in a container, as the kernel noted it, with the limits of the local " +
    "stack, until /ready answers 200 at its address; and from the start of the very same files as an ordinary process " +
    "until the same. In turn, with the same Postgres, Redis and upstream. With what the engine does before there is a " +
    "process (network, file system, its own records) it is the time in the note: no image can change that",
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

/** Seconds until a new container is ready: since the image's process started, and since `docker start`. */
async function startInside(site: ContainerSite): Promise<{ readonly process: number; readonly whole: number }> {
  const container = await site.make([...site.bridgeFlags, ...confinementFlags(), "--no-healthcheck"]);
  try {
    const whole = await seconds(async () => {
      await container.start();
      await untilAnswered(`http://${site.bridgeAddress}:8000/ready`, READY_WITHIN_MS, () => site.logs("made"));
    });
    const ready = uptime();
    // Asked afterwards: it would take time from what is measured.
    return { process: ready - startOf(imageProcess(await container.pid())), whole };
  } finally {
    await container.remove();
  }
}

/** The only child of the init process that Docker puts before the image's own. */
const imageProcess = (init: number): number => Number(fs.readFileSync(`/proc/${init}/task/${init}/children`, "utf8"));

/** When a process started, in seconds since the machine did. */
function startOf(pid: number): number {
  // The fields after the command's name, which may hold anything; the start's time is the 22nd of all.
  const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[19]) / TICKS_PER_SECOND;
}

const uptime = (): number => Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]);

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
