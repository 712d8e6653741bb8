/** Everything that rules may know of a stack besides its resources. */
import { RELEASE } from "../../components/settings/schema";
import type { Circumstances } from "../evaluation";
import { containersOf } from "../readers";
import { pinnedImage } from "../readers/image-text";
import type { Context, Resource } from "../rule";
import { configurationOf } from "./configuration-file";
import type { Elsewhere } from "./elsewhere";
import { ImageKnowledge } from "./image-facts";
import { knownFrom } from "./known-violations";
import { knownRelease, upstreamOf } from "./release-facts";

export interface StackKnowledge {
  readonly context: Context;
  readonly circumstances: Circumstances;
  /** Gathers what is known of the images that resources name; rules are asked after it. */
  gather(resources: readonly Resource[]): Promise<void>;
}

/** Settings of Ralex that bear on the rules, by their key with its namespace, as Pulumi has them. */
export type StackSettings = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError where the pack's configuration is wrong; Error where the stack's is. */
export async function stackKnowledge(
  checkout: string,
  stack: string,
  settings: StackSettings,
  elsewhere: () => Promise<Elsewhere>,
  now = new Date(),
): Promise<StackKnowledge> {
  const configuration = configurationOf(checkout, stack);
  // Pulumi has the empty text for what is not set.
  const promotesFrom = settings["ralex:promotesFrom"] || undefined;
  const isPromoted = promotesFrom !== undefined || upstreamOf(configuration, stack) !== undefined;
  const pin = settings["ralex:release"] || undefined;
  const { facts, images } = isPromoted
    ? await knownRelease(
        {
          ...{ checkout, stack, promotesFrom, configuration },
          pin: pin === undefined ? undefined : RELEASE.parse(JSON.parse(pin)),
        },
        elsewhere,
      )
    : { facts: undefined, images: {} };
  const knowledge = new ImageKnowledge(checkout, images, isPromoted, elsewhere);
  return {
    context: { stack, isPromoted, configuration, now, release: facts, image: (ref) => knowledge.of(ref) },
    circumstances: {
      failOnUndecided: configuration.failOnUndecided ?? isSet(process.env.CI),
      known: knownFrom(process.env),
    },
    gather: async (resources) => {
      const refs = resources.flatMap((resource) =>
        containersOf(resource).flatMap(({ image }) => pinnedImage(image)?.toString() ?? []),
      );
      await Promise.all([...new Set(refs)].map((ref) => knowledge.gather(ref)));
    },
  };
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "false";
