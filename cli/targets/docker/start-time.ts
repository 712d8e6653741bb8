/** How long a container of an image takes until it answers, on the engine of this machine. */
import type Docker from "dockerode";
import execa from "execa";
import tar from "tar-stream";
import { notChecked, type PlatformEvidence } from "../../../components/image/evidence/record";
import { progress } from "../../../toolchain/progress";
import { namedEngine } from "./engine";
import { isOnEngine } from "./engine-images";
import { foundBy } from "../../evidence/subject";

type StartSeconds = PlatformEvidence["startSeconds"];

/** What a container needs to start alone, and where it says that it has. */
interface Recipe {
  readonly port: number;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files by absolute path, readable by every user. */
  readonly files: Readonly<Record<string, string>>;
}

const KEYS = "/run/secrets/api_keys.json";
const API: Recipe = {
  port: 8000,
  path: "/health",
  environment: { RALEX_API_KEYS_FILE: KEYS },
  // The hash of a key that nobody has: nothing is asked of the container but its health.
  files: { [KEYS]: `[{"name":"nobody","sha256":"${"0".repeat(64)}"}]\n` },
};
const RECIPES: Readonly<Record<string, Recipe>> = { "ralex-api": API, "ralex-api-dev": API };

const POLL_MS = 10;
/** Longer than this is no start-up time but a failure to start. */
const MOST_SECONDS = 60;

/** Platform of an engine in the words of a manifest. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/**
 * Starts a container of the image once and waits for its health.
 * @param ref - of the platform's own manifest
 */
export async function startTime(name: string, platform: string, ref: string): Promise<StartSeconds> {
  const recipe = RECIPES[name];
  if (recipe === undefined) return notChecked(`${name} has no address that says when it has started`);
  const { docker, variables } = namedEngine();
  const engine = await docker.version().catch(() => undefined);
  if (engine === undefined) return notChecked("no Docker Engine answers on this machine");
  const native = `linux/${ARCHITECTURES[engine.Arch] ?? engine.Arch}`;
  if (platform !== native) return notChecked(`no native machine: this engine runs ${native}`);
  return progress.step(`starting a container of ${name}`, undefined, async () => {
    const wasThere = await isOnEngine(docker, ref);
    const pulled = await execa("docker", ["pull", "--quiet", ref], {
      env: { ...variables },
      reject: false,
      stdin: "ignore",
    });
    if (pulled.failed) return notChecked(`the image cannot be pulled: ${pulled.stderr.trim()}`);
    try {
      const seconds = await measure(docker, ref, recipe);
      return typeof seconds === "string"
        ? notChecked(seconds)
        : { ...foundBy({ name: "docker", version: engine.Version }), seconds };
    } finally {
      if (!wasThere)
        await docker
          .getImage(ref)
          .remove()
          .catch(() => undefined);
    }
  });
}

/** Seconds until the answer, or why there is none. */
async function measure(docker: Docker, ref: string, recipe: Recipe): Promise<number | string> {
  const port = `${recipe.port}/tcp`;
  const container = await docker.createContainer({
    Image: ref,
    Env: Object.entries(recipe.environment).map(([key, value]) => `${key}=${value}`),
    ExposedPorts: { [port]: {} },
    HostConfig: { PortBindings: { [port]: [{ HostIp: "127.0.0.1", HostPort: "" }] }, CapDrop: ["ALL"] },
  });
  try {
    if (Object.keys(recipe.files).length > 0) await container.putArchive(archive(recipe.files), { path: "/" });
    const started = performance.now();
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const published = NetworkSettings.Ports[port]?.[0]?.HostPort;
    if (published === undefined) return "the engine published no port of the container";
    while (performance.now() - started < MOST_SECONDS * 1_000) {
      if (await answers(`http://127.0.0.1:${published}${recipe.path}`)) {
        return Math.round(performance.now() - started) / 1_000;
      }
      const { State } = await container.inspect();
      if (!State.Running) return `the container ended with exit code ${State.ExitCode}: ${await lastLine(container)}`;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return `the container did not answer ${recipe.path} within ${MOST_SECONDS} s: ${await lastLine(container)}`;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ status }) => status === 200,
    () => false,
  );

async function lastLine(container: Docker.Container): Promise<string> {
  const log = await container.logs({ stdout: true, stderr: true, tail: 1 });
  // Each piece of the log has a head of eight bytes.
  return log.subarray(8).toString("utf8").trim().slice(0, 300);
}

function archive(files: Readonly<Record<string, string>>): NodeJS.ReadableStream {
  const pack = tar.pack();
  for (const [name, content] of Object.entries(files)) pack.entry({ name: name.slice(1), mode: 0o444 }, content);
  pack.finalize();
  return pack as unknown as NodeJS.ReadableStream;
}
