import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { describeRalex } from "../../components/app/ralex";
import { confinement } from "../../components/docker/container";
import { loadSettings } from "../../components/settings/load";
import { BRIDGE } from "../support/bridge";
import type { Benchmark } from "./benchmark";
import { ContainerSite, FILES } from "./support/container-site";
import { docker, ImageBuilder, withImage } from "./support/images";
import { freePort } from "./support/ports";
import type { Processes } from "./support/processes";
import { untilAnswered } from "./support/answers";
import { withScratch } from "./support/scratch";
import { load } from "./support/wrk";

const CONNECTIONS = 16;
const SECONDS = 3;
/** Many and short, since a difference of a tenth is soon lost in what else the machine does. */
const PAIRS = 11;
const READY_WITHIN_MS = 30_000;

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
  run: async ({ checkout, say }) => {
    const builder = await ImageBuilder.create(checkout);
    const built = await builder.build(path.join(checkout, BRIDGE), "prod");
    return withImage(built, (image) =>
      withScratch((folder, processes) =>
        ContainerSite.open(checkout, folder, image, async (site) => {
          const inside = `http://${site.bridgeAddress}:8000`;
          await site.run("bridge", [...site.bridgeFlags, ...confinementFlags()], image);
          await untilAnswered(`${inside}/ready`, READY_WITHIN_MS, () => site.logs("bridge"));
          const outside = await startNatively(site, image, folder, processes);
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
      ),
    );
  },
};

/** What the local stack confines the API to, as flags of `docker run`. */
function confinementFlags(): readonly string[] {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: {} });
  const api = describeRalex(settings).services.find(({ name }) => name === "api");
  if (api === undefined) throw new Error("the model has no service api");
  const { user, capabilities, securityOpts, cpus, memory, tmpfs } = confinement(api);
  return [
    ...["--user", user, "--read-only", "--init", "--cpus", cpus],
    ...["--memory", `${memory}m`, "--memory-swap", `${memory}m`, "--pids-limit", String(api.resources.pids)],
    ...capabilities.drops.flatMap((capability) => ["--cap-drop", capability]),
    ...securityOpts.flatMap((option) => ["--security-opt", option]),
    ...Object.entries(tmpfs).flatMap(([target, options]) => ["--tmpfs", `${target}:${options}`]),
  ];
}

/** Takes the image's files out and runs them where they are. @returns the base URL. */
async function startNatively(
  site: ContainerSite,
  image: string,
  folder: string,
  processes: Processes,
): Promise<string> {
  const root = path.join(folder, "root");
  const archive = path.join(folder, "root.tar");
  fs.mkdirSync(root);
  const { stdout: container } = await docker(["create", image]);
  try {
    await docker(["export", "--output", archive, container]);
  } finally {
    await docker(["rm", container]);
  }
  await execa("tar", ["-xf", archive, "-C", root]);
  fs.rmSync(archive);
  fs.cpSync(site.filesFolder, path.join(root, FILES), { recursive: true });
  for (const name of fs.readdirSync(site.filesFolder)) fs.chownSync(path.join(root, FILES, name), 10001, 10001);
  for (const [device, minor] of [
    ["null", 3],
    ["urandom", 9],
  ] as const) {
    const file = path.join(root, "dev", device);
    fs.rmSync(file, { force: true });
    await execa("mknod", ["-m", "666", file, "c", "1", String(minor)]);
  }
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const command = ["--userspec=10001:10001", root, "/usr/local/bin/python3.11", "-m", "ralex_bridge"];
  await processes.start("native bridge", "chroot", command, {
    bare: true,
    env: {
      ...site.environment,
      ...{ PATH: `/usr/local/bin:${process.env.PATH ?? ""}`, LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" },
      // The image's working directory, which chroot does not know.
      ...{ PYTHONPATH: "/app", RALEX_HOST: "127.0.0.1", RALEX_PORT: String(port) },
    },
    answers: `${base}/ready`,
    withinMs: READY_WITHIN_MS,
  });
  return base;
}
