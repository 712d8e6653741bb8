/** The image lock against a real registry. */
import { connectEngine } from "../../components/docker/engine/client";
import { GENERATED_LOCK, readLock } from "../../components/image/lock";
import { engineRegistry } from "../../components/docker/engine/registry";
import { CHECKOUT } from "../support/stack";

const registry = engineRegistry(connectEngine());
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
