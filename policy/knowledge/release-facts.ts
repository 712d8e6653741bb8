/** What the ledgers say of the release that an environment is pinned to, as the program itself judges it. */
import { takesSubstitutes } from "../../components/image/lock";
import { judgePin, type Pin } from "../../components/image/pin-check";
import type { ReleaseImages } from "../../components/image/releases";
import type { Configuration } from "../configuration";
import type { ReleaseFacts } from "../rule";
import type { Elsewhere } from "./elsewhere";

export interface Environment {
  readonly checkout: string;
  readonly stack: string;
  readonly promotesFrom: string | undefined;
  readonly pin: Pin | undefined;
  readonly configuration: Configuration;
}

export interface KnownRelease {
  readonly facts: ReleaseFacts | undefined;
  /** What is recorded of its images; empty where nobody knows it. */
  readonly images: ReleaseImages;
}

/** The environment that releases have to come from; undefined where they are built. */
export function upstreamOf({ environments }: Configuration, stack: string): string | undefined {
  return environments[environments.indexOf(stack) - 1];
}

export async function knownRelease(
  environment: Environment,
  elsewhere: () => Promise<Elsewhere>,
): Promise<KnownRelease> {
  const { checkout, stack, promotesFrom, pin, configuration } = environment;
  if (pin === undefined) return { facts: undefined, images: {} };
  const facts = { id: pin.id, images: pin.images };
  const wanted = upstreamOf(configuration, stack);
  if (wanted !== undefined && promotesFrom !== wanted) {
    const refusal =
      `${stack} takes releases from ${promotesFrom ?? "no environment"}, and policy/config/${stack}.json has ${wanted} ` +
      `before it: set ralex:promotesFrom to ${wanted}`;
    return { facts: { ...facts, refusal }, images: {} };
  }
  const place = { environment: stack, promotesFrom, takesSubstitutes: takesSubstitutes(checkout) };
  try {
    const { refusal, images = {} } = await judgePin(pin, place, (await elsewhere()).ledgers());
    return { facts: { ...facts, refusal }, images };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { facts: { ...facts, refusal: `the ledgers cannot be read: ${reason}` }, images: {} };
  }
}
