/** Whether a pinned release may run in an environment. A pure decision over what the stacks say. */
import { ralex } from "../command-line";
import { isRelease, type LedgerEntry } from "./ledger";
import type { ReleaseRecord } from "./releases";
import { RELEASE_PROJECT, RELEASE_STACK } from "./releases";

export interface Pin {
  readonly id: string;
  /** First-party images by name, as `repository@sha256:…`. */
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
}

/** How the stacks of a backend are read: by the program through the engine, by a command through the CLI. */
export interface StackReader {
  /** undefined when nothing was ever published there. */
  ledger(environment: string): Promise<readonly LedgerEntry[] | undefined>;
  /** undefined when nothing was ever built. */
  releases(): Promise<readonly ReleaseRecord[] | undefined>;
}

/**
 * Why a pin may not run in an environment, as one text; undefined when it may. What the environment itself has verified
 * is known from its own ledger, and no other stack is read.
 */
export async function refusalOf(
  pin: Pin,
  environment: string,
  promotesFrom: string | undefined,
  read: StackReader,
): Promise<string | undefined> {
  const own = (await read.ledger(environment)) ?? [];
  if (isVerifiedHere(pin, own)) return undefined;
  const refusals = refusalsOf(pin, {
    environment,
    own,
    releases: await read.releases(),
    ...(promotesFrom === undefined
      ? {}
      : { upstream: { name: promotesFrom, ledger: await read.ledger(promotesFrom) } }),
  });
  if (refusals.length === 0) return undefined;
  return `the release pinned for ${environment} is refused:\n  ${refusals.join("\n  ")}`;
}

const isVerifiedHere = (pin: Pin, own: readonly LedgerEntry[]): boolean => own.some((entry) => isRelease(entry, pin));

/** The images of a built release, as a pin has them. */
export const pinOf = ({ id, images }: Pick<ReleaseRecord, "id" | "images">): Pin => ({
  id,
  images: Object.fromEntries(Object.entries(images).map(([name, { ref }]) => [name, ref])),
});

/**
 * Why the pin is refused, as sentences; empty when it may run. What the environment itself has verified before needs
 * nobody else, so that a rollback works when every other stack is gone.
 */
export function refusalsOf(pin: Pin, sources: PinSources): readonly string[] {
  const { own, upstream, releases, environment } = sources;
  if (isVerifiedHere(pin, own)) return [];
  const problems: string[] = [];
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

function differences(pin: Pin, built: Pin): readonly string[] {
  const names = [...new Set([...Object.keys(pin.images), ...Object.keys(built.images)])].sort();
  return names
    .filter((name) => pin.images[name] !== built.images[name])
    .map((name) => {
      const [pinned, made] = [pin.images[name] ?? "nothing", built.images[name] ?? "nothing"];
      return `image ${name} is pinned to ${pinned}, but release ${pin.id} has ${made}: a pin is written by ./ralex promote`;
    });
}
