/** The bridge of an image in its two forms: confined as the local stack has it, and as an ordinary process. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { confinement } from "../../../components/docker/container";
import { loadSettings } from "../../../components/settings/load";
import { BRIDGE } from "../../support/bridge";
import { ContainerSite, FILES } from "./container-site";
import { docker, ImageBuilder, withImage } from "./images";
import { freePort } from "../../support/ports";
import type { Processes } from "./processes";
import { withScratch } from "./scratch";
import { onDocker } from "../../support/on-docker";

export const READY_WITHIN_MS = 30_000;

/** What the local stack confines the API to, as flags of `docker run`. */
export function confinementFlags(): readonly string[] {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: {} });
  const api = onDocker(settings).services.find(({ name }) => name === "api");
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

/** Takes the image's files out, to run them where they are. @returns the folder. */
async function extract(site: ContainerSite, image: string, folder: string): Promise<string> {
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
  return root;
}

/** The image's own files as a process of this machine, beside the site's stores. */
export class NativeBridge {
  private constructor(
    private readonly site: ContainerSite,
    private readonly root: string,
    private readonly processes: Processes,
  ) {}

  static async of(site: ContainerSite, image: string, folder: string, processes: Processes): Promise<NativeBridge> {
    return new NativeBridge(site, await extract(site, image, folder), processes);
  }

  /** Starts it, and waits until it is ready. @returns the base URL. */
  async start(): Promise<string> {
    const { site, root, processes } = this;
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

  async stop(): Promise<void> {
    await this.processes.end();
  }
}

/** The prod image beside its own files as a process, with the stores that both use. */
export interface BothBridges {
  readonly site: ContainerSite;
  readonly image: string;
  readonly native: NativeBridge;
}

/** Builds the prod image, makes both forms of it possible, and removes everything after `work`. */
export async function withBothBridges<T>(checkout: string, work: (both: BothBridges) => Promise<T>): Promise<T> {
  const builder = await ImageBuilder.create(checkout);
  const built = await builder.build(path.join(checkout, BRIDGE), "prod");
  return withImage(built, (image) =>
    withScratch((folder, processes) =>
      ContainerSite.open(checkout, folder, image, async (site) =>
        work({ site, image, native: await NativeBridge.of(site, image, folder, processes) }),
      ),
    ),
  );
}
