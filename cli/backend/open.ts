/** The backend that an address names. */
import * as path from "node:path";
import { parseAddress, shownAddress } from "./address";
import { BucketBackend, ServiceBackend, type Ask } from "./asked";
import type { Backend } from "./backend";
import { FolderObjects } from "./folder";
import { S3Objects } from "./s3";
import { StoredBackend } from "./stored";

/** A backend that is read here without Pulumi; undefined for another one. */
export function openStored(url: string): StoredBackend | undefined {
  const address = parseAddress(url);
  if (address.kind === "folder") {
    return new StoredBackend(url, new FolderObjects(path.join(address.folder, ".pulumi")));
  }
  if (address.kind === "s3") return new StoredBackend(shownAddress(url), new S3Objects(address.url));
  return undefined;
}

/**
 * @param ask - runs Pulumi on that backend.
 * @throws Failure for an address that is none.
 */
export function openBackend(url: string, ask: Ask): Backend {
  const stored = openStored(url);
  if (stored !== undefined) return stored;
  return parseAddress(url).kind === "service"
    ? new ServiceBackend(shownAddress(url), ask)
    : new BucketBackend(shownAddress(url), ask);
}
