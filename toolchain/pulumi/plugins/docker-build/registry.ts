/** Asks a registry whether it has a manifest (OCI distribution specification, "Checking if content exists"). */

const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
/** Time that a registry has for its answer, in milliseconds. */
const PATIENCE = 5000;

/** `host:port/path:tag` in its parts; without a host it is Docker Hub's. */
export function splitTag(tag: string): { host: string; path: string } {
  const repository = tag.replace(/@.*$/, "").replace(/:[^/:]+$/, "");
  const [first = "", ...rest] = repository.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (isHost) return { host: first, path: rest.join("/") };
  return { host: "registry-1.docker.io", path: rest.length === 0 ? `library/${first}` : repository };
}

/** @returns whether the manifest is there, or undefined where the registry does not say. */
export async function hasManifest(tag: string, digest: string): Promise<boolean | undefined> {
  const { host, path } = splitTag(tag);
  const scheme = /^(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(host) ? "http" : "https";
  try {
    const answer = await fetch(`${scheme}://${host}/v2/${path}/manifests/${digest}`, {
      method: "HEAD",
      headers: { accept: ACCEPT },
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.ok) return true;
    return answer.status === 404 ? false : undefined;
  } catch {
    return undefined;
  }
}
