/** Pulumi's side of a plan: a preview that writes one, and the updates that may do no more and no less than it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { EXIT, Failure } from "../failure";
import type { Workspace } from "../workspace";

/** What a preview and its update have in common. */
export interface EngineRun {
  readonly workspace: Workspace;
  readonly stack: string;
  /** For `--config-file`; the same file for the preview and for its update. */
  readonly configFile: string;
  /** Whether every resource is looked at first. */
  readonly refresh: boolean;
  /** Folders of policy packs. */
  readonly policyPacks: readonly string[];
}

/** A violation that stops an update, as Pulumi shows it; its exit code for that is declared in 3.259, and used nowhere. */
const POLICY_VIOLATION = /^\s*- \[mandatory\] /m;

/** Some inputs fit no plan, not even their own. */
const LIMITS = "docs/promotion.md says what a plan cannot hold, and what to do then";

/** What the engine says of a plan that does not fit: pkg/resource/deploy, plan.go and step_generator.go of 3.259. */
const OUTSIDE = /violates plan: |not allowed by the plan: |expected resource operations for .* but none were seen/;

/** Of those, what is said of a resource that needed no step. */
const MISSING = /expected resource operations for .* but none were seen/;

/** Pulumi's headline of an update, in its output for those who are no terminal. */
const UPDATING = /^Updating \(/m;

const options = ({ stack, configFile, refresh, policyPacks, workspace }: EngineRun): readonly string[] => [
  ...["--suppress-outputs", "--stack", stack, "--config-file", configFile],
  ...(refresh ? ["--refresh"] : []),
  ...policyPacks.flatMap((folder) => ["--policy-pack", path.resolve(workspace.checkout, folder)]),
];

/** Shows what an update would do. @param file - where its plan goes, if it is wanted. */
export const preview = (run: EngineRun, file?: string): Promise<void> =>
  engine(run, ["preview", ...(file === undefined ? [] : ["--save-plan", file]), ...options(run)]);

/** How an engine ended that kept a log of its events. */
export interface LoggedPreview {
  readonly exitCode: number;
  /** What was shown. */
  readonly text: string;
  /** Whether it was ended for it took too long. */
  readonly isTimedOut: boolean;
}

/**
 * As {@link preview}, with a log of the engine's events, and whatever it ends with.
 * @param log - file for the events, a line each. It has secrets in clear: nothing of it may be kept or shown as it is.
 * @param milliseconds - after which the engine is told to end.
 */
export async function loggedPreview(
  run: EngineRun,
  file: string | undefined,
  log: string,
  milliseconds?: number,
): Promise<LoggedPreview> {
  // The option is hidden where this is not set.
  const workspace = run.workspace.with({ PULUMI_DEBUG_COMMANDS: "true" });
  const args = ["preview", "--event-log", log, ...(file === undefined ? [] : ["--save-plan", file])];
  return workspace.watch([...args, ...options(run)], { milliseconds });
}

/** Applies a plan of {@link preview}: with a preview of its own, so that what does not fit is refused before a change. */
export const applyPlan = (run: EngineRun, file: string): Promise<void> =>
  engine(run, ["up", "--plan", file, "--yes", ...options(run)]);

/** Plans and applies in one run, under the lock of the stack all the time. */
export const applyStrictly = (run: EngineRun): Promise<void> =>
  engine(run, ["up", "--strict", "--yes", ...options(run)]);

/**
 * What is left after an update that did less than its plan: nothing, or it fails. A value that a preview cannot know may
 * turn out to be what it was (the id of an image that is pulled again, after a release was deployed in part), and the
 * engine takes what needs no change then for something that is missing.
 */
const applyNothing = (run: EngineRun): Promise<void> =>
  engine(run, ["up", "--strict", "--expect-no-changes", "--yes", ...options(run)]);

/** The plan that {@link preview} wrote. */
export const planText = (file: string): string => fs.readFileSync(file, "utf8");

async function engine(run: EngineRun, args: readonly string[]): Promise<void> {
  const { exitCode, text } = await run.workspace.watch(args);
  if (exitCode !== 0 && didLess(args[0] ?? "", text)) {
    console.error("some of what was planned needed no change after all; looking whether anything is left to do");
    return applyNothing(run);
  }
  const failure = exitCode === 0 ? undefined : failureOf(args[0] ?? "", exitCode, text);
  if (failure !== undefined) throw failure;
}

/** Whether an update has done a part of its plan, all else was right already, and nothing failed. */
export function didLess(command: string, text: string): boolean {
  const [, ...during] = text.split(UPDATING);
  if (command !== "up" || during.length === 0) return false;
  const errors = during.join("").match(/\berror: .*$/gm) ?? [];
  return errors.length > 0 && errors.every((error) => MISSING.test(error));
}

/** Whether something failed by itself: what comes after it in the plan is then missing too, and that is not the news. */
const hasOwnError = (text: string): boolean =>
  (text.match(/\berror: .*$/gm) ?? []).some(
    (line) => !OUTSIDE.test(line) && !/error: (update|preview) failed/.test(line),
  );

/** @param text - what Pulumi has shown, so that nothing of it is repeated here. */
export function failureOf(command: string, exitCode: number, text: string): Failure {
  const changed = command === "up" && UPDATING.test(text);
  if (POLICY_VIOLATION.test(text)) {
    const half = changed ? ". What was done before stays done" : "";
    return new Failure(`refused by a policy, named above${half}`, EXIT.refused);
  }
  if (!OUTSIDE.test(text) || hasOwnError(text)) {
    return new Failure(`pulumi ${command} failed (exit code ${exitCode}); see above`);
  }
  if (!changed) {
    return new Failure(
      `the update would do something else than its plan says, and nothing was changed; what does not fit is named above (${LIMITS})`,
      EXIT.refused,
    );
  }
  return new Failure(
    "the update stopped where it would have done something else than its plan says, named above: a value that was " +
      `known during the update only. What was done before stays done (${LIMITS})`,
  );
}
