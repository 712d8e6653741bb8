/** Releases, pins and ledgers as tests make them, one by one and at random. */
import * as fc from "fast-check";
import type { LedgerEntry } from "../../../components/image/ledger";
import type { Pin } from "../../../components/image/pin-check";
import type { ReleaseRecord } from "../../../components/image/releases";

export const NAMES = ["ralex-api", "probe"] as const;

/** A reference that differs with the name and the digit. */
export const ref = (name: string, digit: string): string => `registry.example/${name}@sha256:${digit.repeat(64)}`;

/** The pin of a release that is told from others by one hexadecimal digit. */
export const pin = (digit: string): Pin => ({
  id: `r-${digit}`,
  images: Object.fromEntries(NAMES.map((name) => [name, ref(name, digit)])),
});

export const built = (
  digit: string,
  schema: ReleaseRecord["schema"] = { version: 1, barriers: [] },
): ReleaseRecord => ({
  id: `r-${digit}`,
  revision: `commit-${digit}`,
  createdAt: "2026-11-24T18:00:00.000Z",
  images: Object.fromEntries(
    NAMES.map((name) => [name, { ref: ref(name, digit), platforms: ["linux/amd64", "linux/arm64"] }]),
  ),
  schema,
});

/** Built in the order of the digits, a second apart. */
export const entry = (digit: string, change: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...built(digit),
  createdAt: `2026-11-24T17:00:${String(parseInt(digit, 16)).padStart(2, "0")}.000Z`,
  ran: [...NAMES],
  at: `2026-11-24T18:00:0${parseInt(digit, 16) % 10}.000Z`,
  actor: "operator@example",
  checks: [{ name: "the API is ready", passed: true, detail: "200" }],
  ...change,
});

/** Few of them, so that lists at random have releases in common. */
export const digits: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d");
export const ledgers: fc.Arbitrary<readonly LedgerEntry[]> = fc.array(
  digits.map((digit) => entry(digit)),
  {
    maxLength: 6,
  },
);

/** A pin that was edited by hand: one image of another release, one too few, one too many, or a tag. */
export const editedPins = (digit: string): fc.Arbitrary<Pin> => {
  const right = pin(digit);
  const name = fc.constantFrom(...NAMES);
  return fc.oneof(
    fc.tuple(name, fc.constantFrom("e", "f")).map(([image, other]) => ({
      ...right,
      images: { ...right.images, [image]: ref(image, other) },
    })),
    name.map((image) => ({
      ...right,
      images: Object.fromEntries(Object.entries(right.images).filter(([one]) => one !== image)),
    })),
    fc.constantFrom("another", "__proto__x", "toString").map((image) => ({
      ...right,
      images: { ...right.images, [image]: ref("another", digit) },
    })),
    name.map((image) => ({ ...right, images: { ...right.images, [image]: `registry.example/${image}:latest` } })),
  );
};
