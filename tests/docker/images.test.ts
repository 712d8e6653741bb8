/** The image lock against a real registry. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { connectEngine } from "../../components/docker/engine/client";
import { ImageRef } from "../../components/image/image-ref";
import { mirrored } from "../../components/image/mirror";
import { GENERATED_LOCK, readLock } from "../../components/image/lock";
import { engineRegistry } from "../../components/docker/engine/registry";
import { CHECKOUT } from "../support/stack";

const docker = connectEngine();
const registry = engineRegistry(docker);
const lock = readLock(CHECKOUT, { RALEX_IMAGES_LOCK: GENERATED_LOCK });

/** Puts an index of one image, for two platforms, beside the image. */
async function pushIndex(tag: string): Promise<string> {
  const { registry: host, path, digest } = lock.ref("redis");
  const base = `http://${host}/v2/${path}/manifests`;
  const accept = "application/vnd.oci.image.manifest.v1+json";
  const manifest = await fetch(`${base}/${digest}`, { headers: { accept } });
  const size = (await manifest.arrayBuffer()).byteLength;
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = ["amd64", "arm64"].map((architecture) => ({
    mediaType: accept,
    digest,
    size,
    platform: { os: "linux", architecture },
  }));
  const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  const put = await fetch(`${base}/${tag}`, { method: "PUT", headers: { "content-type": mediaType }, body });
  expect(put.status).toBe(201);
  return put.headers.get("docker-content-digest") ?? "";
}

describe("a tag of a registry", () => {
  test("is resolved to the digest of its index and to the platforms that Ralex is built for", async () => {
    const digest = await pushIndex("index-of-a-test");
    const image = { repository: lock.entry("redis").repository, tag: "index-of-a-test", sizeBudgetMiB: 1 };
    const platforms = ["linux/amd64", "linux/arm64"];
    expect(await registry.resolve(image)).toEqual({ ...image, digest, platforms });
  });

  test("that does not exist is an error with the registry's words", async () => {
    const image = { repository: lock.entry("redis").repository, tag: "no-such-tag", sizeBudgetMiB: 1 };
    await expect(registry.resolve(image)).rejects.toThrow(/manifest unknown|not found/i);
  });
});

describe("a digest of the lock", () => {
  test("is found while the registry has it, and told from one that it has not", async () => {
    expect(await registry.platformsOf(lock.ref("redis").toString())).toBeDefined();
    const gone = `${lock.entry("redis").repository}@sha256:${"0".repeat(64)}`;
    expect(await registry.platformsOf(gone)).toBeUndefined();
  });

  test("is not called gone when the registry does not answer", async () => {
    await expect(registry.platformsOf(`127.0.0.1:1/redis@sha256:${"0".repeat(64)}`)).rejects.toThrow(/refused/);
  });
});

/** Pulls an image; returns what went wrong, which the engine tells among its events. */
async function pull(ref: string): Promise<string | undefined> {
  const stream = await docker.pull(ref);
  const events = await new Promise<readonly { error?: string }[]>((done, failed) =>
    docker.modem.followProgress(stream, (error: Error | null, said: readonly { error?: string }[]) =>
      error === null ? done(said) : failed(error),
    ),
  );
  return events.find(({ error }) => error !== undefined)?.error;
}

describe("a mirror", () => {
  test("that serves other bytes under a digest is refused by the engine, and nothing of it can be run", async () => {
    const type = "application/vnd.oci.image.manifest.v1+json";
    const digest = (of: string) => `sha256:${of.repeat(64)}`;
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digest("c"), size: 1 };
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digest("d"), size: 1 };
    const other = JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [layer] });
    const asked: string[] = [];
    const server = http.createServer(({ url = "" }, response) => {
      asked.push(url);
      // It says that this is what was asked for.
      const said = { "docker-content-digest": url.split("/").at(-1) ?? "", "content-type": type };
      response.writeHead(200, { ...said, "content-length": Buffer.byteLength(other) }).end(other);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    try {
      const { port } = server.address() as AddressInfo;
      // One that the engine has is not asked for.
      const unknown = ImageRef.of(lock.ref("redis").repository, digest("e"));
      const ref = mirrored(unknown, `127.0.0.1:${port}/mirror`).toString();
      expect(await pull(ref)).toMatch(/verification failed for digest/);
      expect(asked.some((url) => url.startsWith("/v2/mirror/"))).toBe(true);
      await expect(docker.getImage(ref).inspect()).rejects.toThrow(/no such image/i);
    } finally {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }, 30_000);
});
