/** An environment's history, and the builds, as people read them. */
import Table from "cli-table3";
import { ralex } from "../../components/command-line";
import { isRelease, type LedgerEntry } from "../../components/image/ledger";
import type { Pin } from "../../components/image/pin-check";
import type { ReleaseImages, ReleaseRecord } from "../../components/image/releases";
import { isOwn } from "../../components/image/third-party";

/** Characters of a commit and of a digest that people tell them apart by. */
const SHORT = 12;

export interface HistoryEntry extends LedgerEntry {
  /** Whether the committed file pins it, and whether it runs. */
  readonly pinned: boolean;
  readonly running: boolean;
}

export interface RunningRelease {
  readonly id: string;
  /** Whether the checks of its last update passed. */
  readonly verified: boolean;
  /** Whether the ledger has it. */
  readonly published: boolean;
}

/** A release that was verified more than once is marked where it was verified last. */
export function historyOf(
  ledger: readonly LedgerEntry[],
  pin: Pin | undefined,
  running: Pin | undefined,
): readonly HistoryEntry[] {
  const newest = (release: Pin | undefined) =>
    release === undefined ? -1 : ledger.findIndex((entry) => isRelease(entry, release));
  const [pinned, runs] = [newest(pin), newest(running)];
  return ledger.map((entry, index) => ({ ...entry, pinned: index === pinned, running: index === runs }));
}

const plain = { style: { head: [], border: [] } };

/** Own images by their digest, and how many are third-party ones: a table has no room for more. */
function imagesText(images: ReleaseImages): string {
  const own = Object.entries(images)
    .filter(([, image]) => isOwn(image))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { ref }]) => `${name} ${(ref.split("@sha256:")[1] ?? ref).slice(0, SHORT)}`);
  const others = Object.keys(images).length - own.length;
  return [...own, ...(others === 0 ? [] : [`and ${others} third-party`])].join("\n");
}

export function historyTable(entries: readonly HistoryEntry[]): string {
  const table = new Table({ ...plain, head: ["release", "verified", "by", "commit", "images", "checks", ""] });
  for (const { id, at, actor, revision, images, checks, pinned, running } of entries) {
    const marks = [...(pinned ? ["pinned"] : []), ...(running ? ["running"] : [])];
    const passed = `${checks.length} passed`;
    table.push([id, at, actor, revision.slice(0, SHORT), imagesText(images), passed, marks.join("\n")]);
  }
  return table.toString();
}

export function builtTable(releases: readonly ReleaseRecord[]): string {
  const table = new Table({ ...plain, head: ["release", "built", "commit", "images", "platforms", "schema"] });
  for (const release of releases) {
    const { id, createdAt, revision, images, schema } = release;
    const platforms = [...new Set(Object.values(images).flatMap((image) => image.platforms))].sort();
    const refs = imagesText(release.images);
    table.push([id, createdAt, revision.slice(0, SHORT), refs, platforms.join("\n"), schema.version]);
  }
  return table.toString();
}

/** @param running - null when the environment was never started. */
export function runningSentence(stack: string, running: RunningRelease | null): string {
  if (running === null) return `${stack} does not run.`;
  const { id, verified, published } = running;
  if (!verified) return `${stack} runs ${id}, which is not verified there.`;
  return published
    ? `${stack} runs ${id}, which is verified there.`
    : `${stack} runs ${id}, which is verified there and not published: run ${ralex("publish", "-s", stack)}`;
}
