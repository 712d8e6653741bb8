/** The preview of one stack, whatever becomes of it, as a result. */
import * as fs from "node:fs";
import * as path from "node:path";
import { readDotenv } from "../../components/settings/dotenv";
import { EXIT, Failure } from "../failure";
import { Interrupted } from "../interruption";
import type { Machine } from "../machine";
import { failureOf, loggedPreview, type EngineRun, type LoggedPreview } from "../plan/engine";
import { PROJECT } from "../project";
import { pinnedFile } from "../release/pinned";
import { previewDeployment } from "../release/preview";
import { headCommit } from "../source/repository";
import { commandFolder } from "../stack-config";
import type { Workspace } from "../workspace";
import { resultOf, type PreviewFacts } from "./events/reduce";
import { secretsOf } from "./events/redact";
import { releaseChange } from "./release-change";
import type { PreviewResult, ReleaseChange } from "./result";

export interface StackPreviewOptions {
  /** Folders of policy packs, from `policyPacks`. */
  readonly policyPacks: readonly string[];
  /** Folder to keep `<stack>.plan` in. */
  readonly plans?: string | undefined;
  /** Time after which a preview is ended. */
  readonly milliseconds?: number | undefined;
}

/** What is known of a preview before it, and found out beside it. */
interface Begun {
  readonly stack: string;
  readonly startedAt: Date;
  readonly commit: string | undefined;
  readonly secrets: readonly string[];
}

async function begin(checkout: string, stack: string): Promise<Begun> {
  const [startedAt, commit] = [new Date(), await headCommit(checkout)];
  return { stack, startedAt, commit, secrets: [process.env, readDotenv(checkout).dotenv].flatMap(secretsOf) };
}

/** Runs the preview of a stack; its output is shown. @returns a result in every case. */
export async function previewStack(
  machine: Machine,
  stack: string,
  options: StackPreviewOptions,
): Promise<PreviewResult> {
  const { workspace } = machine;
  const begun = await begin(workspace.checkout, stack);
  const log = path.join(commandFolder(workspace), `${stack}.events`);
  let engine: LoggedPreview | undefined;
  const show = async (run: EngineRun, file?: string): Promise<void> => {
    engine = await loggedPreview(run, file, log, options.milliseconds);
    if (engine.isTimedOut) throw new TimedOut(stack, options.milliseconds ?? 0);
    if (engine.exitCode !== 0) throw failureOf("preview", engine.exitCode, engine.text);
  };
  const savePlan = options.plans === undefined ? undefined : path.join(options.plans, `${stack}.plan`);
  // What does not depend on the engine is found out beside it.
  const aside = Promise.all([releaseOf(workspace, stack), pulumiVersion(workspace)]);
  const failure = await previewDeployment(machine, stack, { policyPacks: options.policyPacks, savePlan, show }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const [release, pulumi] = await aside;
  const text = fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "";
  fs.rmSync(log, { force: true });
  return toResult(begun, text, { failure, engine, release, pulumi, secrets: secretsOf(workspace.environment) });
}

/** The result of a stack whose preview could not even begin. */
export async function withoutPreview(checkout: string, stack: string, failure: unknown): Promise<PreviewResult> {
  return toResult(await begin(checkout, stack), "", { failure });
}

class TimedOut extends Failure {
  constructor(stack: string, milliseconds: number) {
    super(`the preview of ${stack} was ended after ${milliseconds / 1000} s: --timeout says how long it may take`);
  }
}

interface Ended {
  /** What was thrown; undefined where all went well. */
  readonly failure: unknown;
  readonly engine?: LoggedPreview | undefined;
  readonly release?: ReleaseChange | undefined;
  readonly pulumi?: string | undefined;
  readonly secrets?: readonly string[];
}

function toResult({ stack, startedAt, commit, secrets }: Begun, log: string, ended: Ended): PreviewResult {
  const { failure, engine, release, pulumi } = ended;
  const own = failure instanceof Failure ? failure.exitCode : EXIT.error;
  const stopped = failure instanceof Interrupted ? "cancelled" : failure instanceof TimedOut ? "timed out" : undefined;
  const facts: PreviewFacts = {
    project: PROJECT,
    stack,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 100) / 10,
    exitCode: failure === undefined ? EXIT.done : own,
    ...(commit === undefined ? {} : { commit }),
    ...(pulumi === undefined ? {} : { pulumi }),
    ...(release === undefined ? {} : { release }),
    ...(stopped === undefined ? {} : { ended: stopped }),
    ...(failure === undefined ? {} : { failure: { message: messageOf(failure), isRefusal: own === EXIT.refused } }),
    output: engine?.text,
  };
  return resultOf(log, facts, [...secrets, ...(ended.secrets ?? [])]);
}

const messageOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure));

/** undefined where nothing is pinned, or the pin cannot be read: the preview tells of that. */
async function releaseOf(workspace: Workspace, stack: string): Promise<ReleaseChange | undefined> {
  try {
    return await releaseChange(workspace, stack, pinnedFile(workspace.checkout, stack).pin);
  } catch {
    return undefined;
  }
}

async function pulumiVersion(workspace: Workspace): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await workspace.run(["version"]);
    return exitCode === 0 ? stdout.trim().replace(/^v/, "") : undefined;
  } catch {
    return undefined;
  }
}
