/** Whether a pinned release may run in an environment. A pure decision over what the stacks say. */
import { ralex } from "../command-line";
import { isRelease, type LedgerEntry } from "./ledger";
import { RELEASE_PROJECT, RELEASE_STACK, type ReleaseImages, type ReleaseRecord } from "./releases";
import { substitutesOf } from "./third-party";

export interface Pin {
  readonly id: string;
  /** Every image of the release by name, as `repository@sha256:…`. */
  readonly images: Readonly<Record<string, string>>;
}

export interface PinSources {
  readonly environment: string;
  /** Ledger of the environment itself. */
  readonly own: readonly LedgerEntry[];
  /** Environment that a release has to be verified in before; absent for the first one. */
  readonly upstream?: { readonly name: string; readonly ledger: readonly LedgerEntry[] | undefined };
  /** What was built; undefined when the project cannot be read. */
  readonly releases: readonly ReleaseRecord[] | undefined;
  /** Whether images that stand in for official ones may run here. */
  readonly takesSubstitutes: boolean;
}

/** How the stacks of a backend are read: by the program through the engine, by a command through the CLI. */
export interface StackReader {
  /** undefined when nothing was ever published there. */
  ledger(environment: string): Promise<readonly LedgerEntry[] | undefined>;
  /** undefined when nothing was ever built. */
  releases(): Promise<readonly ReleaseRecord[] | undefined>;
}

/** Where a pin is to run. */
export interface PinnedPlace {
  readonly environment: string;
  /** As {@link PinSources.upstream}, by name. */
  readonly promotesFrom: string | undefined;
  readonly takesSubstitutes: boolean;
}

/** What the stacks say about a pin. */
export interface PinVerdict {
  /** Why it may not run, as one text; undefined when it may. */
  readonly refusal: string | undefined;
  /** What is recorded of its images; undefined where nobody knows it. */
  readonly images: ReleaseImages | undefined;
}

/**
 * Judges a pin. What the environment itself has verified is known from its own ledger, and no other stack is read.
 */
export async function judgePin(pin: Pin, place: PinnedPlace, read: StackReader): Promise<PinVerdict> {
  const { environment, promotesFrom, takesSubstitutes } = place;
  const own = (await read.ledger(environment)) ?? [];
  const verified = own.find((entry) => isRelease(entry, pin));
  const others =
    verified === undefined
      ? {
          releases: await read.releases(),
          ...(promotesFrom === undefined
            ? {}
            : { upstream: { name: promotesFrom, ledger: await read.ledger(promotesFrom) } }),
        }
      : { releases: undefined };
  const refusals = refusalsOf(pin, { environment, own, takesSubstitutes, ...others });
  const known = verified ?? others.releases?.find((release) => isRelease(release, pin));
  return {
    refusal:
      refusals.length === 0
        ? undefined
        : `the release pinned for ${environment} is refused:\n  ${refusals.join("\n  ")}`,
    images: known?.images,
  };
}

/** The images of a built or of a verified release, as a pin has them. */
export const pinOf = ({ id, images }: Pick<ReleaseRecord, "id" | "images">): Pin => ({
  id,
  images: Object.fromEntries(Object.entries(images).map(([name, { ref }]) => [name, ref])),
});

/**
 * Why the pin is refused, as sentences; empty when it may run. What the environment itself has verified before needs
 * nobody else, so that a rollback works when every other stack is gone.
 */
export function refusalsOf(pin: Pin, sources: PinSources): readonly string[] {
  const { own, upstream, releases, environment, takesSubstitutes } = sources;
  const verified = own.find((entry) => isRelease(entry, pin));
  const made = verified ?? releases?.find((release) => isRelease(release, pin));
  const problems: string[] = takesSubstitutes || made === undefined ? [] : [...substituteRefusals(made)];
  if (verified !== undefined) return problems;
  const built = releases?.find(({ id }) => id === pin.id);
  if (releases === undefined) {
    problems.push(`${RELEASE_PROJECT}/${RELEASE_STACK} cannot be read in this backend: run ./ralex build here first`);
  } else if (built === undefined) {
    problems.push(`${RELEASE_PROJECT}/${RELEASE_STACK} has no release ${pin.id}: choose one of ./ralex releases`);
  } else {
    problems.push(...differences(pin, pinOf(built)));
  }
  if (upstream !== undefined) {
    if (upstream.ledger === undefined) {
      problems.push(`the ledger of ${upstream.name} cannot be read in this backend: deploy and publish there first`);
    } else if (!upstream.ledger.some((entry) => isRelease(entry, pin))) {
      problems.push(
        `release ${pin.id} is not verified in ${upstream.name}: run ${ralex("deploy", "-s", upstream.name)}, then ` +
          ralex("promote", upstream.name, environment),
      );
    }
  }
  return problems;
}

function substituteRefusals({ id, images }: Pick<ReleaseRecord, "id" | "images">): readonly string[] {
  const names = substitutesOf(images);
  if (names.length === 0) return [];
  return [
    `release ${id} was built where no registry was reached, and has substitutes for ${names.join(", ")}, which official ` +
      "tools do not run: run ./ralex build with official tools, or name the lock to trust in RALEX_IMAGES_LOCK",
  ];
}

function differences(pin: Pin, built: Pin): readonly string[] {
  const names = [...new Set([...Object.keys(pin.images), ...Object.keys(built.images)])].sort();
  return names
    .filter((name) => pin.images[name] !== built.images[name])
    .map((name) => {
      const [pinned, made] = [pin.images[name] ?? "nothing", built.images[name] ?? "nothing"];
      return `image ${name} is pinned to ${pinned}, but release ${pin.id} has ${made}: a pin is written by ./ralex promote`;
    });
}
