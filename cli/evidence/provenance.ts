/** How an image was built, as BuildKit attested it in the image's index. */
import { z } from "zod";
import { notChecked, type Evidence, type Provenance } from "../../components/image/evidence/record";
import { readManifest } from "./manifests";
import { foundBy, type Subject } from "./subject";
import { readAs, reasonFor, ToolError } from "./tools";

const PREDICATE_TYPE = "in-toto.io/predicate-type";
const MATERIAL = z.looseObject({ uri: z.string().default(""), digest: z.record(z.string(), z.string()).default({}) });
const BUILDER = z.looseObject({ id: z.string().default("") }).default({ id: "" });

/** SLSA 1.x. */
const V1 = z.looseObject({
  buildDefinition: z.looseObject({ buildType: z.string(), resolvedDependencies: z.array(MATERIAL).nullish() }),
  runDetails: z.looseObject({ builder: BUILDER }),
});
/** SLSA 0.2. */
const V02 = z.looseObject({ builder: BUILDER, buildType: z.string(), materials: z.array(MATERIAL).nullish() });
const STATEMENT = z.looseObject({
  predicateType: z.string(),
  subject: z.array(z.looseObject({ digest: z.record(z.string(), z.string()) })),
  predicate: z.unknown(),
});

/**
 * Reads a statement of provenance.
 * @param digest - manifest that it has to be about
 * @throws ToolError when it is about something else, or no provenance that is known here
 */
export function readProvenance(text: string, digest: string): Omit<Provenance, "attestation"> {
  const { predicateType, predicate, subject } = readAs(STATEMENT, text, "the attestation");
  if (!subject.some((one) => `sha256:${one.digest.sha256}` === digest)) {
    throw new ToolError(`the provenance in the image's index is not about ${digest}`);
  }
  if (predicateType.startsWith("https://slsa.dev/provenance/v1")) {
    const { buildDefinition, runDetails } = readAs(V1, JSON.stringify(predicate), "the provenance");
    const { buildType, resolvedDependencies } = buildDefinition;
    return { predicateType, buildType, ...named(runDetails.builder), materials: materials(resolvedDependencies) };
  }
  if (predicateType === "https://slsa.dev/provenance/v0.2") {
    const { builder, buildType, materials: list } = readAs(V02, JSON.stringify(predicate), "the provenance");
    return { predicateType, buildType, ...named(builder), materials: materials(list) };
  }
  throw new ToolError(`the attestation ${predicateType} is no provenance that is known here`);
}

const named = ({ id }: { readonly id: string }) => ({ builder: id === "" ? null : id });

const materials = (list: readonly z.infer<typeof MATERIAL>[] | null | undefined) =>
  (list ?? []).map(({ uri, digest }) => {
    const [algorithm, value] = Object.entries(digest)[0] ?? [];
    return { uri, digest: algorithm === undefined ? "" : `${algorithm}:${value}` };
  });

export async function checkProvenance({
  repository,
  platforms,
  attestations,
}: Subject): Promise<Evidence["provenance"]> {
  const found: Record<string, Provenance> = {};
  try {
    for (const [platform, digest] of Object.entries(platforms)) {
      const attestation = attestations[digest];
      if (attestation === undefined) return notChecked(`the image has no attestation for ${platform}`);
      const { layers } = readManifest(await repository.manifest(attestation));
      const layer = layers.find(({ annotations }) =>
        annotations?.[PREDICATE_TYPE]?.startsWith("https://slsa.dev/provenance"),
      );
      if (layer === undefined) return notChecked(`the attestation for ${platform} holds no provenance`);
      found[platform] = { attestation, ...readProvenance(await repository.text(layer.digest), digest) };
    }
  } catch (error) {
    return notChecked(reasonFor(error));
  }
  return { ...foundBy(repository.tool), attestations: found };
}
