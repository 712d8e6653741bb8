/** A cluster with a stack and two releases, for the benchmarks of target kubernetes; made once a run, since it takes minutes. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { clusterStatus, startCluster, stopCluster, waitForMetrics } from "../../../toolchain/cluster";
import { prepareMachine } from "../../../cli/machine";
import { ClusterEnvironments } from "../../support/cluster-environments";
import type { LoadResult } from "../../support/load";
import type { Context } from "../benchmark";

export const STACK = "kstaging" as const;
const LOAD = { perSecond: 100, streams: 8 };

export interface ClusterSite {
  readonly all: ClusterEnvironments;
  /** Ids of two releases that differ in the API's code; the stack runs one of them. */
  readonly ids: readonly [string, string];
  readonly ownCluster: boolean;
}

let made: Promise<ClusterSite> | undefined;

/** The same stack for every benchmark of a run; {@link removeClusterSite} ends it. */
export const withClusterSite = async (context: Context): Promise<ClusterSite> => (made ??= make(context));

/** Removes what {@link withClusterSite} made, if anything. */
export async function removeClusterSite(): Promise<void> {
  const site = await made?.catch(() => undefined);
  made = undefined;
  await site?.all.remove();
  if (site?.ownCluster === true) await stopCluster();
}

async function make({ checkout, say }: Context): Promise<ClusterSite> {
  await prepareMachine(checkout, { images: true, workingTree: true });
  const ownCluster = !(await clusterStatus()).running;
  await startCluster({});
  const all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-kubernetes-")));
  try {
    await waitForMetrics();
    all.startUpstream();
    say("building two releases, and deploying both");
    const first = await all.firstRelease();
    await verifyUpstream(all, first);
    fs.appendFileSync(path.join(all.folder, "images/ralex-api/ralex_bridge/__init__.py"), "# another release\n");
    await all.commit("another release");
    const second = await all.build();
    await verifyUpstream(all, second);
    await promote(all, first);
    await promote(all, second);
    return { all, ids: [first, second], ownCluster };
  } catch (error) {
    await all.remove();
    throw error;
  }
}

/** A release comes here from dev only, which has to have verified it. */
const verifyUpstream = (all: ClusterEnvironments, release: string) =>
  all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");

/** Seconds that something takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Promotes, deploys, verifies and publishes; returns the seconds. */
export const promote = (all: ClusterEnvironments, release: string): Promise<number> =>
  secondsOf(() => all.must(STACK, "promote", "kdev", STACK, "--release", release, "--deploy", "--yes"));

/** Brings the stack to what its file says; returns the seconds. */
export const deploy = (all: ClusterEnvironments): Promise<number> =>
  secondsOf(() => all.must(STACK, "deploy", "-s", STACK, "--yes"));

/** The one of the two releases that the stack does not run. */
export const otherRelease = ({ all, ids: [first, second] }: ClusterSite): string =>
  all.pin(STACK).id === first ? second : first;

/** Seconds that something takes under load. @throws Error when a request or stream failed. */
export async function unharmed(all: ClusterEnvironments, work: () => Promise<unknown>): Promise<[number, LoadResult]> {
  let seconds = 0;
  const result = await all.underLoad(async () => (seconds = await secondsOf(work)), LOAD);
  const { failures } = result;
  if (failures.length > 0) throw new Error(`${failures.length} failed:\n${failures.slice(0, 5).join("\n")}`);
  return [seconds, result];
}

export const CLUSTER_LOAD_WORDS = `${LOAD.perSecond} chats a second in an open loop and ${LOAD.streams} streams of four seconds at any time`;
