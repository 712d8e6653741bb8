/** A parts list (SPDX) of each platform of an image, read from the pushed digest and kept beside the image. */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { notChecked, SBOM_TYPE, type Evidence } from "../../components/image/evidence/record";
import { progress } from "../../toolchain/progress";
import { foundBy, type Subject } from "./subject";
import { evidenceTool, readAs, reasonFor, runTool } from "./tools";

const SPDX = z.looseObject({
  spdxVersion: z.string().startsWith("SPDX-"),
  packages: z.array(z.looseObject({ name: z.string(), primaryPackagePurpose: z.string().optional() })),
});

/** Packages of an SPDX document; the image itself is none of them. @throws ToolError when it is no SPDX document */
export const packagesIn = (text: string): number =>
  readAs(SPDX, text, "the SPDX document").packages.filter(
    ({ primaryPackagePurpose }) => primaryPackagePurpose !== "CONTAINER",
  ).length;

export interface SbomFiles {
  readonly files: Readonly<Record<string, { readonly file: string; readonly packages: number }>>;
  readonly found: ReturnType<typeof foundBy>;
}

/** Writes the documents into the scratch folder; they are attached when nothing else works on the image. */
export async function describeParts(subject: Subject): Promise<SbomFiles | ReturnType<typeof notChecked>> {
  try {
    const syft = await evidenceTool("syft");
    const files: Record<string, { file: string; packages: number }> = {};
    for (const [platform, digest] of Object.entries(subject.platforms)) {
      const file = `sbom-${platform.replaceAll("/", "-")}.spdx.json`;
      const args = [
        ...["scan", `registry:${subject.repository.at(digest)}`, "--quiet", "--output", `spdx-json=${file}`],
        ...["--source-name", subject.repository.name, "--source-version", digest],
      ];
      const environment = { SYFT_REGISTRY_INSECURE_USE_HTTP: String(subject.repository.plainHttp) };
      await progress.step(`listing the parts of ${subject.name} for ${platform}`, undefined, () =>
        runTool(syft, args, { environment, cwd: subject.scratch }),
      );
      files[platform] = { file, packages: packagesIn(fs.readFileSync(path.join(subject.scratch, file), "utf8")) };
    }
    return { files, found: foundBy(syft) };
  } catch (error) {
    return notChecked(reasonFor(error));
  }
}

/** Puts the documents beside the image. @throws ToolError when the registry does not take them */
export async function attachParts(
  { shelf, scratch }: Subject,
  parts: Awaited<ReturnType<typeof describeParts>>,
): Promise<Evidence["sbom"]> {
  if (!("files" in parts)) return parts;
  const documents: Record<string, { referrer: string; packages: number }> = {};
  // One after the other: each rewrites the list of referrers where the registry keeps it under a tag.
  for (const [platform, { file, packages }] of Object.entries(parts.files)) {
    const attached = { file, type: SBOM_TYPE, annotations: { "ralex.platform": platform } };
    documents[platform] = { referrer: await shelf.put(attached, scratch), packages };
  }
  return { ...parts.found, documents };
}
