/** What the rules about images have in common: which images they judge, and where they report. */
import type { Evidence } from "../components/image/evidence/record";
import { rulesFor, type GateRules } from "../components/image/evidence/rules";
import type { ImageFacts, OwnImage } from "./images";
import { containersOf } from "./readers";
import { pinnedImage } from "./readers/image-text";
import { finding, type Context, type Finding, type Resource } from "./rule";
import type { Value } from "./value";

interface JudgedImage {
  readonly container: string;
  /** Where the resource names it. */
  readonly value: Value;
  readonly facts: ImageFacts;
}

/** The images that a resource names by digest: of all others nothing can be known, and IMG-01 reports them. */
const judgedImages = (resource: Resource, { image }: Context): readonly JudgedImage[] =>
  containersOf(resource).flatMap(({ name, image: value }) => {
    const ref = pinnedImage(value);
    return ref === undefined ? [] : [{ container: name, value, facts: image(ref.toString()) }];
  });

/** One finding for each problem of an image. @param problems - a sentence's end each, after "the image of container api". */
export const imageFindings = (
  resource: Resource,
  context: Context,
  problems: (facts: ImageFacts) => readonly string[],
): readonly Finding[] =>
  judgedImages(resource, context).flatMap(({ container, value, facts }) =>
    problems(facts).map((problem) => finding(resource, value, `the image of container ${container}: ${problem}`)),
  );

/** {@link imageFindings} for our own images that have evidence: one without is reported by IMG-03 alone. */
export const evidenceFindings = (
  resource: Resource,
  context: Context,
  problems: (evidence: Evidence, image: OwnImage) => readonly string[],
): readonly Finding[] =>
  imageFindings(resource, context, (facts) =>
    facts.isOwn && facts.evidence !== undefined ? problems(facts.evidence, facts) : [],
  );

/** What the gate demands of one of our own images, with what the pack's configuration says of the environment. */
export function ownRules({ name = "" }: OwnImage, { configuration, isPromoted }: Context): GateRules {
  const { productionMB, developmentMB } = configuration.budgets;
  const { compressedBytes, ...rules } = rulesFor(name);
  return {
    ...rules,
    platforms: configuration.platforms,
    mostDays: configuration.mostEvidenceDays,
    unpackedBytes: (isPromoted ? productionMB : developmentMB) * 1e6,
    ...(compressedBytes === undefined || !isPromoted ? {} : { compressedBytes }),
  };
}
