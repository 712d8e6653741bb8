/** A stack's state as backends that are folders and buckets store it. */
import * as zlib from "node:zlib";
import { Failure } from "../failure";

/** What is read of a resource in a stack's state. */
export interface Recorded {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  /** Whether a plugin manages it. */
  readonly custom?: boolean;
  /** Absent where the engine may remove it. */
  readonly protect?: boolean;
  readonly inputs?: { readonly start?: boolean; readonly mustRun?: boolean };
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** What Pulumi writes into a stack's file about its secrets. */
export interface Encryption {
  readonly encryptionsalt?: string;
  readonly secretsprovider?: string;
  readonly encryptedkey?: string;
}

/** What of a deployment is read, in a checkpoint and in what `pulumi stack export` prints. */
export interface Deployment {
  readonly resources?: readonly Recorded[];
  readonly secrets_providers?: {
    readonly type?: string;
    readonly state?: { readonly salt?: string; readonly url?: string; readonly encryptedkey?: string };
  };
}

interface Checkpoint {
  readonly checkpoint?: { readonly latest?: Deployment | null };
}

/** Ends of the names under which Pulumi stores a state, by its compression. */
export const STATE_ENDINGS = [".json", ".json.gz", ".json.zst"] as const;

/** @throws Failure for a compression that this Node cannot read. */
function decompressed(name: string, content: Buffer): Buffer {
  if (name.endsWith(".gz")) return zlib.gunzipSync(content);
  if (!name.endsWith(".zst")) return content;
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (content: Buffer) => Buffer };
  if (zstdDecompressSync !== undefined) return zstdDecompressSync(content);
  throw new Failure(
    `${name} is compressed with zstd, which Node ${process.versions.node} cannot read: use Node 22.15 or newer, or ` +
      "unset PULUMI_DIY_BACKEND_ZSTD and bring the stack up once; PULUMI_DIY_BACKEND_GZIP is read everywhere",
  );
}

export const textOfState = (name: string, content: Buffer): string => decompressed(name, content).toString("utf8");

/** The deployment in a stored state; a stack that was made and never brought up has an empty one. */
export const deploymentIn = (text: string): Deployment => (JSON.parse(text) as Checkpoint).checkpoint?.latest ?? {};

/** The encryption of a deployment's secrets in the form of a stack's file. */
export function encryptionIn({ secrets_providers: provider }: Deployment): Encryption | undefined {
  const { salt, url, encryptedkey } = provider?.state ?? {};
  if (provider?.type === "passphrase" && salt !== undefined) return { encryptionsalt: salt };
  if (provider?.type !== "cloud" || url === undefined || encryptedkey === undefined) return undefined;
  return { secretsprovider: url, encryptedkey };
}
