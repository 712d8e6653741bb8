/** The engine's event stream: what `--event-log` writes, a line of JSON an event, as far as a preview's reader needs it. */
import { z } from "zod";

const STATE = z.looseObject({
  retainOnDelete: z.boolean().optional(),
  inputs: z.record(z.string(), z.unknown()).nullish(),
});

const STEP = z.looseObject({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  old: STATE.nullish(),
  new: STATE.nullish(),
  /** Properties that make a replacement necessary. */
  keys: z.array(z.string()).nullish(),
  /** Properties that differ, where the provider gives no paths. */
  diffs: z.array(z.string()).nullish(),
  detailedDiff: z
    .record(z.string(), z.looseObject({ diffKind: z.string().optional(), inputDiff: z.boolean().optional() }))
    .nullish(),
});

const EVENT = z.looseObject({
  resourcePreEvent: z.looseObject({ metadata: STEP }).optional(),
  diagnosticEvent: z
    .looseObject({
      urn: z.string().optional(),
      message: z.string(),
      severity: z.string(),
      ephemeral: z.boolean().optional(),
    })
    .optional(),
  policyEvent: z
    .looseObject({
      resourceUrn: z.string().optional(),
      message: z.string(),
      policyName: z.string(),
      policyPackName: z.string(),
      policyPackVersion: z.string().optional(),
      enforcementLevel: z.string(),
    })
    .optional(),
  summaryEvent: z.looseObject({}).optional(),
});

export type EngineEvent = z.infer<typeof EVENT>;
export type Step = z.infer<typeof STEP>;

export interface EngineStream {
  readonly events: readonly EngineEvent[];
  /** Whether the engine came to its own summary; it does not where it was killed. */
  readonly isWhole: boolean;
}

/** Half of a log, and nothing that its other half does not have. */
const PASSED_OVER = /^\{"sequence":\d+,"timestamp":\d+,"resOutputsEvent":/;

/** @param text - what the engine has written so far; the empty text where it never began. */
export function parseStream(text: string): EngineStream {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !PASSED_OVER.test(line));
  const events = lines.map(parseEvent).filter((event) => event !== undefined);
  return { events, isWhole: events.some(({ summaryEvent }) => summaryEvent !== undefined) };
}

/** undefined for what is no event: the last line of an engine that was killed while it wrote. */
function parseEvent(line: string): EngineEvent | undefined {
  try {
    return EVENT.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
