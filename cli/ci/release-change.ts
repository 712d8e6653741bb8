/** What a deployment changes of the release: from the one that runs to the one that is pinned, with the images' sizes. */
import { refOf } from "../../components/image/ledger";
import type { Pin } from "../../components/image/pin-check";
import type { ReleaseImages } from "../../components/image/releases";
import { findOutputs } from "../outputs";
import { releaseEvidence, type ReleaseEvidence } from "../release/evidence";
import { stackReader } from "../release/stacks";
import type { Workspace } from "../workspace";
import type { ReleaseChange } from "./result";

/** Sizes are asked of a registry where the checkout has no record; a comment without them is one all the same. */
const PATIENCE_MS = 20_000;

/** The change of a stack's release; without sizes that nobody has measured. */
export async function releaseChange(workspace: Workspace, stack: string, pin: Pin): Promise<ReleaseChange> {
  const running = (await findOutputs(workspace, stack).catch(() => undefined))?.release;
  const before = running?.id === "" ? undefined : running;
  const changed = changedImages(before?.images ?? {}, pin.images);
  const known = before === undefined ? {} : await recorded(workspace, stack);
  const [then, now] = await Promise.all([
    sizes(
      workspace,
      known,
      changed.flatMap((image) => image.refBefore ?? []),
    ),
    sizes(
      workspace,
      known,
      changed.flatMap((image) => image.refAfter ?? []),
    ),
  ]);
  return {
    ...(before === undefined ? {} : { before: before.id }),
    after: pin.id,
    images: changed.map(({ name, refBefore, refAfter }) => ({
      name,
      ...part("before", digestOf(refBefore)),
      ...part("after", digestOf(refAfter)),
      ...part("bytesBefore", refBefore === undefined ? undefined : then[refBefore]),
      ...part("bytesAfter", refAfter === undefined ? undefined : now[refAfter]),
    })),
  };
}

const part = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };

interface ChangedImage {
  readonly name: string;
  readonly refBefore?: string;
  readonly refAfter?: string;
}

/** The images whose digests differ, by name. */
export function changedImages(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly ChangedImage[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [refBefore, refAfter] = [before[name], after[name]];
    if (digestOf(refBefore) === digestOf(refAfter)) return [];
    return [{ name, ...part("refBefore", refBefore), ...part("refAfter", refAfter) }];
  });
}

/** A mirror has an image under another name, and the same digest. */
const digestOf = (ref: string | undefined): string | undefined => /@sha256:([0-9a-f]{64})$/.exec(ref ?? "")?.[1];

/** What the ledger and the releases know of images, by reference. */
async function recorded(workspace: Workspace, stack: string): Promise<ReleaseImages> {
  const read = stackReader(workspace);
  const releases = [...((await read.ledger(stack)) ?? []), ...((await read.releases()) ?? [])];
  return Object.fromEntries(
    releases.flatMap(({ images }) => Object.values(images).map((image) => [refOf(image) ?? "", image] as const)),
  );
}

/** Compressed size by reference, on the first platform that a record has. */
async function sizes(
  { checkout }: Workspace,
  known: ReleaseImages,
  refs: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const wanted = Object.fromEntries(refs.flatMap((ref) => (known[ref] === undefined ? [] : [[ref, known[ref]]])));
  const none: ReleaseEvidence = {};
  const late = new Promise<ReleaseEvidence>((resolve) => setTimeout(() => resolve(none), PATIENCE_MS).unref());
  const evidence = await Promise.race([releaseEvidence(checkout, wanted).catch(() => none), late]);
  return Object.fromEntries(
    Object.entries(evidence).flatMap(([ref, record]) => {
      const first = Object.entries(record?.platforms ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))[0];
      return first === undefined ? [] : [[ref, first[1].compressedBytes] as const];
    }),
  );
}
