/** An environment with two releases, for the benchmarks of promotion; made once a run, since it takes minutes. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Environments } from "../../support/environments";
import { Load, type LoadResult } from "../../support/load";
import type { Context } from "../benchmark";

const STACK = "pdev" as const;
const PER_SECOND = 100;
const STREAMS = 8;

export interface Releases {
  readonly all: Environments;
  /** Ids of two releases that differ in the API's code; the environment runs one of them. */
  readonly ids: readonly [string, string];
}

let made: Promise<Releases> | undefined;

/** The same environment for every benchmark of a run; {@link removeReleases} ends it. */
export const withReleases = async <T>(context: Context, work: (releases: Releases) => Promise<T>): Promise<T> =>
  work(await (made ??= make(context)));

/** Removes what {@link withReleases} made, if anything. */
export async function removeReleases(): Promise<void> {
  const releases = await made?.catch(() => undefined);
  made = undefined;
  await releases?.all.remove();
}

async function make({ say }: Context): Promise<Releases> {
  const all = await Environments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-releases-")));
  try {
    const build = async () => {
      const { stdout } = await all.must("build", "build", "--json", "--no-evidence");
      return (JSON.parse(stdout) as { id: string }).id;
    };
    say("building two releases, and deploying both");
    const first = await build();
    await deploy(all, first);
    all.edit("images/ralex-api/ralex_bridge/__init__.py", "__version__ = ", "# another release\n__version__ = ");
    await all.commit("another release");
    const second = await build();
    await deploy(all, second);
    await all.startUpstream(STACK);
    return { all, ids: [first, second] };
  } catch (error) {
    await all.remove();
    throw error;
  }
}

/** The one of the two releases that the environment does not run. */
export const otherRelease = ({ all, ids: [first, second] }: Releases): string =>
  all.pin(STACK)?.id === first ? second : first;

/** Promotes, deploys, verifies and publishes; returns the seconds. */
export async function deploy(all: Environments, release: string): Promise<number> {
  const start = Date.now();
  await all.must(STACK, "promote", "build", STACK, "--release", release, "--deploy", "--yes");
  return (Date.now() - start) / 1000;
}

/** Goes back to a release of the ledger; returns the seconds. */
export async function rollback(all: Environments, release: string): Promise<number> {
  const start = Date.now();
  await all.must(STACK, "rollback", "-s", STACK, "--to", release, "--yes");
  return (Date.now() - start) / 1000;
}

/** Does something while requests and streams go to the environment. */
export async function underLoad<T>(all: Environments, work: () => Promise<T>): Promise<[T, LoadResult]> {
  const apiKey = await all.output(STACK, "apiKey");
  const load = new Load({
    url: `http://127.0.0.1:${all.port(STACK)}`,
    apiKey,
    perSecond: PER_SECOND,
    streams: STREAMS,
  });
  try {
    return [await work(), await load.stop()];
  } finally {
    await load.stop();
  }
}

export const LOAD_WORDS = `${PER_SECOND} chats a second in an open loop and ${STREAMS} streams of four seconds at any time`;
