/** What evidence is collected about, and where the work is done. */
import type { ImageRef } from "../../components/image/image-ref";
import type { Repository } from "./registry";
import type { Shelf } from "./shelf";
import type { EvidenceTool } from "./tools";

export interface Subject {
  readonly checkout: string;
  /** `ralex-api` and the like; decides the Dockerfile and how a container is started. */
  readonly name: string;
  readonly ref: ImageRef;
  readonly repository: Repository;
  /** Where what is found is kept. */
  readonly shelf: Shelf;
  /** Built and signed by somebody else. */
  readonly isThirdParty: boolean;
  /** Manifests by platform. */
  readonly platforms: Readonly<Record<string, string>>;
  /** BuildKit's attestations, by the digest of the manifest that each is about. */
  readonly attestations: Readonly<Record<string, string>>;
  /** Empty folder for files on their way; no tool finds settings of the checkout's in it. */
  readonly scratch: string;
}

/** Says which tool found something, and when. */
export const foundBy = ({ name, version }: Pick<EvidenceTool, "version"> & { readonly name: string }) => ({
  status: "checked" as const,
  tool: name,
  toolVersion: version,
  at: new Date().toISOString(),
});
