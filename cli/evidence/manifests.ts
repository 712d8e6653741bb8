/** What a registry says about an image, read from its manifests. Nothing here asks anybody. */
import { z } from "zod";
import { readAs } from "./tools";

const DESCRIPTOR = z.looseObject({
  mediaType: z.string().default(""),
  digest: z.string(),
  size: z.int(),
  platform: z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const INDEX = z.looseObject({ manifests: z.array(DESCRIPTOR) });
const MANIFEST = z.looseObject({ config: DESCRIPTOR, layers: z.array(DESCRIPTOR) });
const CONFIG = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  config: z.looseObject({ User: z.string().optional() }).nullish(),
});

export type Descriptor = z.infer<typeof DESCRIPTOR>;
export type Manifest = z.infer<typeof MANIFEST>;
export type ImageConfig = z.infer<typeof CONFIG>;

export const readManifest = (text: string): Manifest => readAs(MANIFEST, text, "the manifest");
export const readConfig = (text: string): ImageConfig => readAs(CONFIG, text, "the image's configuration");

export interface ImageIndex {
  /** Manifests by platform, `linux/amd64`. */
  readonly platforms: Readonly<Record<string, string>>;
  /** BuildKit's attestations, by the digest of the manifest that each is about. */
  readonly attestations: Readonly<Record<string, string>>;
}

/** Reads an index, or undefined when the text is the manifest of one platform. @throws ToolError when it is neither */
export function readIndex(text: string): ImageIndex | undefined {
  const document = readAs(z.union([INDEX, MANIFEST]), text, "the image's manifest");
  if (!("manifests" in document)) return undefined;
  const platforms: Record<string, string> = {};
  const attestations: Record<string, string> = {};
  for (const { digest, platform, annotations } of (document as z.infer<typeof INDEX>).manifests) {
    const subject = annotations?.["vnd.docker.reference.digest"];
    if (annotations?.["vnd.docker.reference.type"] === "attestation-manifest" && subject !== undefined) {
      attestations[subject] = digest;
    } else if (platform !== undefined && platform.os !== "unknown") {
      platforms[platformName(platform)] = digest;
    }
  }
  return { platforms, attestations };
}

/** `linux/amd64`; arm64's only variant is left out, as people write it. */
export function platformName({
  os,
  architecture,
  variant,
}: {
  os: string;
  architecture: string;
  variant?: string | undefined;
}) {
  const isDefault = variant === undefined || variant === "" || (architecture === "arm64" && variant === "v8");
  return isDefault ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** What pulling one platform takes, in bytes. */
export const compressedBytes = ({ config, layers }: Manifest): number =>
  [config, ...layers].reduce((sum, { size }) => sum + size, 0);
