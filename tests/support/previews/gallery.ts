/** The comments of `docs/comments`: recorded event streams, with the release that each would deploy. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";
import { resultOf, type PreviewFacts } from "../../../cli/ci/events/reduce";
import { renderComment, type RunFacts } from "../../../cli/ci/render/comment";
import type { PreviewResult, ReleaseChange } from "../../../cli/ci/result";
import { digest } from "./programs";

export type StreamName =
  | "nothing-changed"
  | "first-deployment"
  | "database-replaced"
  | "release-changed"
  | "policy-refused"
  | "program-failed"
  | "large-diff";

const streams = new Map<StreamName, string>();

/** The recorded log of an engine. */
export function recordedStream(name: StreamName): string {
  const known = streams.get(name);
  if (known !== undefined) return known;
  const text = zlib.gunzipSync(fs.readFileSync(path.join(__dirname, `${name}.events.gz`))).toString("utf8");
  streams.set(name, text);
  return text;
}

/** The run that the gallery's comments are of. */
export const RUN: RunFacts = {
  head: "5d41402abc4b2a76b9719d911017c592ae1f4d3b",
  base: "7c211433f02071597741e6ff5a8ea34789abbf43",
  run: 4711,
  link: "https://github.com/example/ralex/actions/runs/4711",
};

const SAME: ReleaseChange = { before: "r-1f0c29be7a31", after: "r-1f0c29be7a31", images: [] };
const FIRST: ReleaseChange = {
  after: "r-1f0c29be7a31",
  images: [
    { name: "postgres", after: digest("a"), bytesAfter: 131_900_000 },
    { name: "ralex-api", after: digest("b"), bytesAfter: 61_400_000 },
  ],
};
const NEXT: ReleaseChange = {
  before: "r-1f0c29be7a31",
  after: "r-9e2d0b6c4f58",
  images: [
    {
      name: "ralex-api",
      before: digest("b"),
      after: digest("c"),
      bytesBefore: 61_400_000,
      bytesAfter: 63_100_000,
    },
  ],
};

/** A result as a preview of the stack would have written it. */
export function recordedResult(
  stream: StreamName,
  stack: string,
  facts: Partial<Pick<PreviewFacts, "exitCode" | "release" | "failure" | "seconds">> = {},
): PreviewResult {
  const { exitCode = 0, seconds = 4.2, ...rest } = facts;
  const known = { project: "ralex", stack, startedAt: "2026-11-27T09:30:00.000Z", commit: RUN.head, pulumi: "3.259.0" };
  return resultOf(recordedStream(stream), { ...known, exitCode, seconds, ...rest }, []);
}

export interface GalleryEntry {
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  readonly results: () => readonly PreviewResult[];
}

/** @returns the refusal that a command ends with. */
const refusedByPolicy = { message: "refused by a policy, named above", isRefusal: true };

export const GALLERY: readonly GalleryEntry[] = [
  {
    name: "nothing-changed",
    title: "Nothing changed",
    results: () => [recordedResult("nothing-changed", "dev", { release: SAME })],
  },
  {
    name: "first-deployment",
    title: "First deployment",
    results: () => [recordedResult("first-deployment", "staging", { release: FIRST })],
  },
  {
    name: "database-replaced",
    title: "Replacement of a database's volume",
    results: () => [recordedResult("database-replaced", "prod", { release: NEXT })],
  },
  {
    name: "policy-refused",
    title: "Refused by a policy",
    results: () => [
      recordedResult("policy-refused", "staging", { exitCode: 2, release: SAME, failure: refusedByPolicy }),
    ],
  },
  {
    name: "program-failed",
    title: "The program throws",
    results: () => [recordedResult("program-failed", "prod", { exitCode: 1, release: SAME })],
  },
  {
    name: "large-diff",
    title: "A diff of more than 1 MB",
    results: () => [recordedResult("large-diff", "prod", { release: SAME })],
  },
  {
    name: "three-stacks",
    title: "Three stacks at once",
    results: () => [
      recordedResult("nothing-changed", "dev", { release: SAME }),
      recordedResult("release-changed", "staging", { release: NEXT }),
      recordedResult("database-replaced", "prod", { release: NEXT }),
    ],
  },
];

/** The text of a comment of the gallery. */
export const galleryComment = ({ results }: GalleryEntry): string => renderComment(results(), RUN).text;
