/** Which pull request a comment is for, from what a runner of pipelines says of itself. */
import * as fs from "node:fs";
import { z } from "zod";
import { EXIT, Failure } from "../../failure";
import type { RunFacts } from "../render/comment";
import type { Forge } from "./forge";
import { gitHub } from "./github";
import { gitLab } from "./gitlab";

export const FORGES = ["github", "gitlab", "none"] as const;
export type ForgeName = (typeof FORGES)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** What a comment is for, and what it says of its run. */
export interface Place {
  /** undefined where there is none, and the comment is printed. */
  readonly forge: Forge | undefined;
  readonly run: RunFacts;
}

/** What is read of the event that started a workflow of GitHub. */
const EVENT = z.looseObject({
  pull_request: z
    .looseObject({
      number: z.int().min(1),
      head: z.looseObject({ sha: z.string() }),
      base: z.looseObject({ sha: z.string() }),
    })
    .optional(),
});

/** The forge whose runner this is. */
export const forgeOf = (environment: Environment): ForgeName =>
  environment.GITHUB_ACTIONS === "true" ? "github" : environment.GITLAB_CI === "true" ? "gitlab" : "none";

/**
 * @param pullRequest - number that was asked for; by default the one that the event is about.
 * @throws Failure that names everything that is missing.
 */
export function chooseForge(name: ForgeName, environment: Environment, pullRequest?: number): Place {
  if (name === "none") return { forge: undefined, run: {} };
  return name === "github" ? onGitHub(environment, pullRequest) : onGitLab(environment, pullRequest);
}

function onGitHub(environment: Environment, asked: number | undefined): Place {
  const event = eventOf(environment.GITHUB_EVENT_PATH);
  const { pull_request: about } = event;
  const [api = "https://api.github.com", server = "https://github.com"] = [
    environment.GITHUB_API_URL,
    environment.GITHUB_SERVER_URL,
  ];
  const repository = environment.GITHUB_REPOSITORY ?? "";
  const pullRequest = asked ?? about?.number;
  const token = environment.GITHUB_TOKEN ?? "";
  requireAll("GitHub", {
    "GITHUB_REPOSITORY (owner/name)": /^[\w.-]+\/[\w.-]+$/.test(repository),
    GITHUB_TOKEN: token !== "",
    "--pull-request, or an event of a pull request in GITHUB_EVENT_PATH": pullRequest !== undefined,
  });
  const isAbout = about !== undefined && about.number === pullRequest;
  const run = numberOf(environment.GITHUB_RUN_ID);
  return {
    forge: gitHub({ api, repository, token, pullRequest: pullRequest ?? 0 }),
    run: {
      run,
      ...(run === undefined ? {} : { link: `${server}/${repository}/actions/runs/${run}` }),
      ...(isAbout ? { head: about.head.sha, base: about.base.sha } : {}),
    },
  };
}

function onGitLab(environment: Environment, asked: number | undefined): Place {
  const { CI_API_V4_URL: api = "", CI_PROJECT_ID: project = "", GITLAB_TOKEN: token = "" } = environment;
  const mergeRequest = asked ?? numberOf(environment.CI_MERGE_REQUEST_IID);
  requireAll("GitLab", {
    CI_API_V4_URL: api !== "",
    CI_PROJECT_ID: project !== "",
    GITLAB_TOKEN: token !== "",
    "--pull-request, or CI_MERGE_REQUEST_IID": mergeRequest !== undefined,
  });
  return {
    forge: gitLab({ api, project, token, mergeRequest: mergeRequest ?? 0 }),
    run: {
      run: numberOf(environment.CI_PIPELINE_ID),
      link: environment.CI_PIPELINE_URL,
      head: environment.CI_COMMIT_SHA,
      base: environment.CI_MERGE_REQUEST_DIFF_BASE_SHA,
    },
  };
}

/** @throws Failure that names what is missing. */
function requireAll(forge: string, needs: Readonly<Record<string, boolean>>): void {
  const missing = Object.entries(needs).flatMap(([what, isThere]) => (isThere ? [] : [what]));
  if (missing.length === 0) return;
  throw new Failure(
    `a comment on ${forge} needs ${missing.join(", ")}; --print writes it to standard output instead`,
    EXIT.refused,
  );
}

function eventOf(file: string | undefined): z.infer<typeof EVENT> {
  if (file === undefined || !fs.existsSync(file)) return {};
  try {
    return EVENT.safeParse(JSON.parse(fs.readFileSync(file, "utf8"))).data ?? {};
  } catch {
    return {};
  }
}

function numberOf(text: string | undefined): number | undefined {
  const number = /^\d{1,15}$/.test(text ?? "") ? Number(text) : 0;
  return number > 0 ? number : undefined;
}
