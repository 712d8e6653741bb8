/** What tests and benchmarks of a release need: builders and registries of their own, ended by their process. */
import { type ChildProcess, spawn } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { goTool } from "../../toolchain/go-tools";
import { type Machine, prepareMachine } from "../../cli/machine";
import { PLATFORMS } from "../../components/image/platforms";
import { Workspace } from "../../cli/workspace";
import { poll } from "./http";

export interface Engine {
  /** Where clients find it. */
  readonly address: string;
  /** Ends it, and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

function engine(address: string, child: ChildProcess): Engine {
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    address,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      await ended;
    },
  };
}

/**
 * The machine that builds releases of a folder, with a place of its own in the registry.
 * @param builder - address of another builder than the machine's.
 */
export async function releaseMachine(folder: string, prefix: string, builder?: string): Promise<Machine> {
  const machine = await prepareMachine(folder, { platforms: PLATFORMS });
  const { env, standIns } = machine.workspace.tools;
  const tools = { env: { ...env, ...(builder === undefined ? {} : { BUILDKIT_HOST: builder }) }, standIns };
  return { ...machine, workspace: new Workspace(folder, tools), registry: `${machine.registry}/${prefix}` };
}

/** A builder that knows nothing yet. */
export async function emptyBuilder(folder: string): Promise<Engine> {
  fs.mkdirSync(folder, { recursive: true });
  const socket = path.join(folder, "socket");
  const address = `unix://${socket}`;
  const options = ["--root", path.join(folder, "root"), "--oci-worker=true", "--containerd-worker=false"];
  const child = spawn(await goTool("buildkitd"), ["--addr", address, ...options], { stdio: "ignore" });
  await poll("the builder to listen", 20_000, () => Promise.resolve(fs.existsSync(socket) ? true : undefined));
  return engine(address, child);
}

/** An empty registry on a port of this machine. */
export async function emptyRegistry(folder: string, port: number): Promise<Engine & { readonly storage: string }> {
  const storage = path.join(folder, "storage");
  fs.mkdirSync(storage, { recursive: true });
  const configuration = path.join(folder, "registry.yml");
  const address = `127.0.0.1:${port}`;
  fs.writeFileSync(
    configuration,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${storage} }, delete: { enabled: true } }\nhttp: { addr: "${address}" }\n`,
  );
  const child = spawn("/usr/bin/docker-registry", ["serve", configuration], { stdio: "ignore" });
  await poll("the registry to answer", 20_000, () =>
    fetch(`http://${address}/v2/`).then(
      ({ ok }) => (ok ? true : undefined),
      () => undefined,
    ),
  );
  return { ...engine(address, child), storage };
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

interface ImageManifest {
  readonly mediaType?: string;
  readonly config: { readonly digest: string; readonly size: number };
}

/**
 * Pushes an image beside another one that differs from it in a label alone: another digest, and no layer more.
 * @param ref - an image for one platform, in a registry that speaks plain HTTP.
 * @returns the new image by digest.
 */
export async function relabelled(ref: string, label: string): Promise<string> {
  const [repository = "", digest = ""] = ref.split("@");
  const slash = repository.indexOf("/");
  const base = `http://${repository.slice(0, slash)}/v2/${repository.slice(slash + 1)}`;
  const accept = `${MANIFEST}, application/vnd.docker.distribution.manifest.v2+json`;
  const answer = await fetch(`${base}/manifests/${digest}`, { headers: { accept } });
  const manifest = (await answer.json()) as ImageManifest;
  const config = (await (await fetch(`${base}/blobs/${manifest.config.digest}`)).json()) as {
    config?: { Labels?: Record<string, string> };
  };
  const Labels = { ...config.config?.Labels, "ralex.test": label };
  const text = JSON.stringify({ ...config, config: { ...config.config, Labels } });
  const blob = `sha256:${crypto.createHash("sha256").update(text).digest("hex")}`;
  const upload = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  const location = new URL(upload.headers.get("location") ?? "", base);
  location.searchParams.set("digest", blob);
  const headers = { "content-type": "application/octet-stream" };
  const stored = await fetch(location, { method: "PUT", headers, body: text });
  const body = JSON.stringify({
    ...manifest,
    config: { ...manifest.config, digest: blob, size: Buffer.byteLength(text) },
  });
  const type = answer.headers.get("content-type") ?? MANIFEST;
  const pushed = await fetch(`${base}/manifests/test-${label}`, {
    method: "PUT",
    headers: { "content-type": type },
    body,
  });
  if (stored.status !== 201 || pushed.status !== 201) {
    throw new Error(`${ref} was not pushed with another label: ${stored.status}, ${pushed.status}`);
  }
  return `${repository}@${pushed.headers.get("docker-content-digest") ?? ""}`;
}
