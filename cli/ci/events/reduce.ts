/** From the engine's event log to a result: nothing else of the log is kept, since it has secrets in clear. */
import { EXIT } from "../../failure";
import { bounded, type Change, type Finding, type Message, type Outcome, type PreviewResult } from "../result";
import { changesOf, unchangedIn } from "./changes";
import { errorsOf, findingsOf, lastLines, warningsOf } from "./messages";
import { redactAll, redactor, secretsInEvents } from "./redact";
import { parseStream } from "./stream";

/** Of an engine that failed before it began, this many lines of what it said. */
const LAST_LINES = 30;

/** Of a preview whose log does not come to an end nothing may be said, and so not that nothing changes. */
const NO_SUMMARY = {
  message: "the engine ended without an error, and its log of events has no end: what would change is not known",
  isRefusal: false,
};

export type PreviewFacts = Pick<
  PreviewResult,
  "project" | "stack" | "startedAt" | "seconds" | "commit" | "pulumi" | "exitCode" | "release"
> & {
  /** Where the command ended the preview itself. */
  readonly ended?: "cancelled" | "timed out";
  /** Why there was no preview: what the command says then, and whether that is a refusal. */
  readonly failure?: { readonly message: string; readonly isRefusal: boolean } | undefined;
  /** What Pulumi printed; undefined where it was not started. */
  readonly output?: string | undefined;
};

/**
 * @param log - text of the event log, as far as it came.
 * @param secrets - values that must not be in the result, wherever they stand.
 */
export function resultOf(log: string, given: PreviewFacts, secrets: readonly string[]): PreviewResult {
  const { events, isWhole } = parseStream(log);
  const facts = given.exitCode === 0 && !isWhole ? { ...given, exitCode: EXIT.error, failure: NO_SUMMARY } : given;
  const { project, stack, startedAt, seconds, commit, pulumi, exitCode, release } = facts;
  const plain = { project, stack, startedAt, seconds, commit, pulumi, exitCode, release };
  const redact = redactor([...secrets, ...secretsInEvents(events)]);
  const changes = changesOf(events);
  const findings = findingsOf(events);
  const said = errorsOf(events);
  const errors = said.length > 0 ? said : unsaid(facts, events.length, findings);
  const outcome = outcomeOf(facts, changes, findings, said);
  const found = { changes, unchanged: unchangedIn(events), findings, errors, warnings: warningsOf(events) };
  // What names the stack and the moment is not text of the program.
  return bounded({ ...plain, outcome, ...redactAll(found, redact) });
}

/** Where no event tells what went wrong: the command's own words, else the engine's last ones. */
function unsaid(
  { exitCode, ended, failure, output }: PreviewFacts,
  events: number,
  findings: readonly Finding[],
): readonly Message[] {
  if (exitCode === 0 || ended === "cancelled") return [];
  if (ended !== undefined) return failure === undefined ? [] : [{ text: failure.message }];
  if (findings.some(({ refuses }) => refuses)) return [];
  if (failure === NO_SUMMARY || output === undefined || events > 0)
    return failure === undefined ? [] : [{ text: failure.message }];
  const text = lastLines(output, LAST_LINES) || failure?.message || `Pulumi ended with exit code ${exitCode}`;
  return [{ text }];
}

function outcomeOf(
  { exitCode, ended, failure }: PreviewFacts,
  changes: readonly Change[],
  findings: readonly Finding[],
  errors: readonly Message[],
): Outcome {
  if (ended !== undefined) return ended;
  if (exitCode === 0) return changes.length > 0 ? "changed" : "unchanged";
  if (errors.length > 0) return "failed";
  if (failure?.isRefusal === true || findings.some(({ refuses }) => refuses)) return "refused";
  return "failed";
}
