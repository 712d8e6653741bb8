/**
 * A substitute for several platforms: one index over images of one platform each. The native one is the image that a
 * start uses, so nothing is built twice, and a start never waits for the others.
 */
import { NATIVE, type Platform } from "../../components/image/platforms";
import { REGISTRY, registryHas } from "../engines/registry";
import { ensureEmulation } from "../engines/emulation";
import { type BuiltImage, recipeOf, repositoryPath, substitute } from "./build";

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFESTS = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** The image of that name for all of the platforms, built and pushed unless the registry has it already. */
export async function substituteFor(name: string, platforms: readonly Platform[]): Promise<BuiltImage> {
  const recipe = recipeOf(name);
  await ensureEmulation(platforms);
  const images: BuiltImage[] = [];
  for (const platform of [...platforms].sort()) images.push(await substitute(name, platform));
  const [native = images[0]] = images.filter((image) => image.platforms.includes(NATIVE));
  if (native === undefined) throw new Error(`no platform was named for ${name}`);
  const tag = `${recipe.tag}-multi-arch`;
  const digest = await pushIndex(repositoryPath(recipe), tag, images);
  return { ...native, tag, digest, platforms: images.flatMap((image) => image.platforms) };
}

/** Puts an index over the images into their repository; the same images give the same digest. */
async function pushIndex(repository: string, tag: string, images: readonly BuiltImage[]): Promise<string> {
  const manifests = [];
  for (const { digest, platforms } of images) {
    const answer = await fetch(manifestUrl(repository, digest), { headers: { accept: MANIFESTS.join(", ") } });
    if (!answer.ok) throw new Error(`the registry answers ${answer.status} for ${repository}@${digest}`);
    const size = (await answer.arrayBuffer()).byteLength;
    const [os, architecture] = (platforms[0] ?? "").split("/");
    manifests.push({ mediaType: answer.headers.get("content-type"), digest, size, platform: { os, architecture } });
  }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
  const put = await fetch(manifestUrl(repository, tag), { method: "PUT", headers: { "content-type": INDEX }, body });
  const digest = put.headers.get("docker-content-digest") ?? "";
  if (put.status !== 201 || !(await registryHas(repository, digest))) {
    throw new Error(`the registry did not take the index ${repository}:${tag}: it answered ${put.status}`);
  }
  return digest;
}

const manifestUrl = (repository: string, reference: string): string =>
  `http://${REGISTRY}/v2/${repository}/manifests/${reference}`;
