/** The comment on GitHub, against a stand-in of its API that judges each request by GitHub's own description. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { ForgeError } from "../../../../cli/ci/forge/forge";
import { gitHub } from "../../../../cli/ci/forge/github";
import { publishComment } from "../../../../cli/ci/forge/publish";
import { renderComment } from "../../../../cli/ci/render/comment";
import { writeResult } from "../../../../cli/ci/result";
import { GitHubStandIn, type TokenFacts } from "../../../support/github/stand-in";
import { recordedResult, RUN } from "../../../support/previews/gallery";

const PULL_REQUEST = 12;
const BOT: TokenFacts = { login: "github-actions[bot]", type: "Bot", permission: "write" };
const LIST = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
const CREATE = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
const EDIT = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
const DELETE = "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}";

const unchanged = recordedResult("nothing-changed", "dev");
const changed = recordedResult("database-replaced", "prod");
const textOf = (run: number, result = changed) => renderComment([result], { ...RUN, run, link: undefined }).text;

let github: GitHubStandIn;
beforeEach(async () => {
  github = new GitHubStandIn();
  await github.start();
  github.tokens.set("bot", BOT);
  github.tokens.set("person", { login: "ada", type: "User", permission: "write" });
  github.tokens.set("reader", { ...BOT, permission: "read" });
});
afterEach(async () => {
  await github.stop();
  expect(github.problems).toEqual([]);
});

/** Time that passes only where it is waited for. */
function clock() {
  const slept: number[] = [];
  let now = Date.parse("2026-11-27T10:00:00Z");
  const sleep = (milliseconds: number): Promise<void> => {
    slept.push(milliseconds);
    now += milliseconds;
    return Promise.resolve();
  };
  return { slept, sleep, now: () => now };
}

const forge = (token = "bot", time: Partial<ReturnType<typeof clock>> = clock(), patience?: number) =>
  gitHub({
    api: github.url,
    repository: github.repository,
    pullRequest: PULL_REQUEST,
    token,
    ...time,
    ...(patience === undefined ? {} : { patience }),
  });
const bodies = () => github.comments.map(({ body }) => body);
const writes = () => github.calls.filter((name) => !name.startsWith("GET"));

beforeEach(() => void jest.spyOn(console, "error").mockReturnValue());

describe("the comment on a pull request", () => {
  test("is made once, then edited in place, and not touched where it would say the same", async () => {
    expect(await publishComment(forge(), textOf(1, unchanged), 1)).toBe("created");
    expect(await publishComment(forge(), textOf(2), 2)).toBe("edited");
    expect(await publishComment(forge(), textOf(3), 3)).toBe("left as it is");
    expect(bodies()).toEqual([textOf(2)]);
    expect(writes()).toEqual([CREATE, EDIT]);
  });

  test("is found behind 130 older ones, on whatever page it is, though GitHub has turned its line ends", async () => {
    for (let index = 0; index < 65; index += 1) github.add(PULL_REQUEST, `older ${index}`, BOT);
    const own = github.add(PULL_REQUEST, textOf(1).replaceAll("\n", "\r\n"), BOT);
    for (let index = 0; index < 65; index += 1) github.add(PULL_REQUEST, `newer ${index}`, BOT);
    expect(await publishComment(forge(), textOf(2), 2)).toBe("left as it is");
    expect(await publishComment(forge(), textOf(3, unchanged), 3)).toBe("edited");
    expect([own.edits, github.comments.length]).toEqual([1, 131]);
  });

  test("leaves comments of other pull requests and of people alone, though they hold our marker", async () => {
    const others = [
      github.add(PULL_REQUEST, textOf(1, unchanged), { login: "mallory", type: "User" }),
      github.add(PULL_REQUEST + 1, textOf(1, unchanged), BOT),
      github.add(PULL_REQUEST, `as the bot says:\n${textOf(1, unchanged)}`, BOT),
    ];
    expect(await publishComment(forge(), textOf(2), 2)).toBe("created");
    expect(others.map(({ edits }) => edits)).toEqual([0, 0, 0]);
    expect(github.comments).toHaveLength(4);
  });

  test("is a person's own where the token is one's, and a bot's is then left alone", async () => {
    const bot = github.add(PULL_REQUEST, textOf(1, unchanged), BOT);
    expect(await publishComment(forge("person"), textOf(2), 2)).toBe("created");
    expect(await publishComment(forge("person"), textOf(3, unchanged), 3)).toBe("edited");
    expect([bot.edits, github.comments.length]).toEqual([0, 2]);
  });

  test("is made anew when somebody deletes it, be it in the middle of a run", async () => {
    await publishComment(forge(), textOf(1, unchanged), 1);
    github.comments.splice(0);
    expect(await publishComment(forge(), textOf(2, unchanged), 2)).toBe("created");
    github.meanwhile = (name) => void (name === EDIT && github.comments.splice(0));
    expect(await publishComment(forge(), textOf(3), 3)).toBe("created");
    expect(bodies()).toEqual([textOf(3)]);
  });

  test("is one, and the newer run's, when two runs begin at the same moment", async () => {
    let both: Promise<unknown> | undefined;
    github.meanwhile = async (name) => {
      // The older run has seen no comment and is about to make one: the newer one gets there first.
      if (name !== CREATE || both !== undefined) return;
      both = publishComment(forge(), textOf(8), 8);
      await both;
    };
    expect(await publishComment(forge(), textOf(7, unchanged), 7)).toBe("left to a newer run");
    expect(bodies()).toEqual([textOf(8)]);
  });

  test("is one, and the newer run's, whichever of two that begin together gets there first", async () => {
    let both: Promise<unknown> | undefined;
    github.meanwhile = async (name) => {
      if (name !== CREATE || both !== undefined) return;
      both = publishComment(forge(), textOf(7, unchanged), 7);
      await both;
    };
    expect(await publishComment(forge(), textOf(8), 8)).toBe("edited");
    expect(bodies()).toEqual([textOf(8)]);
    expect(writes()).toEqual([CREATE, CREATE, EDIT, DELETE]);
  });

  test("of a newer run is not overwritten by an older one that ends later", async () => {
    await publishComment(forge(), textOf(9), 9);
    expect(await publishComment(forge(), textOf(8, unchanged), 8)).toBe("left to a newer run");
    expect(bodies()).toEqual([textOf(9)]);
  });

  test("takes the place of several that an interrupted run has left", async () => {
    for (const run of [1, 2, 3]) github.add(PULL_REQUEST, textOf(run, unchanged), BOT);
    expect(await publishComment(forge(), textOf(4), 4)).toBe("edited");
    expect(bodies()).toEqual([textOf(4)]);
  });
});

describe("a token that may not write comments", () => {
  test.each(["reader", "unknown"])("of a %s is told, with the permission that it needs", async (token) => {
    const error: unknown = await publishComment(forge(token), textOf(1), 1).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForgeError);
    expect(error).toMatchObject({ isNotPermitted: true });
    expect((error as ForgeError).message).toMatch(
      /(Resource not accessible by integration|Bad credentials); it needs a token with the permission pull-requests: write/,
    );
    expect(github.comments).toEqual([]);
  });
});

describe("a limit of requests", () => {
  const at = (time: string) => String(Date.parse(time) / 1000);
  const limits = [
    [
      "403 until a time",
      403,
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": at("2026-11-27T10:01:30Z") },
      91_000,
    ],
    ["429 with seconds", 429, { "retry-after": "17" }, 17_000],
    ["403 of the secondary limit with seconds", 403, { "retry-after": "60", "x-ratelimit-remaining": "4000" }, 60_000],
    ["403 of the secondary limit without a word of when", 403, {}, 60_000],
  ] as const;

  test.each(limits)("%s is waited for, and the comment is made", async (_, status, headers, expected) => {
    const message = "You have exceeded a secondary rate limit";
    github.faults.push({ when: /^POST/, answer: { status, body: { message }, headers } });
    const time = clock();
    expect(await publishComment(forge("bot", time), textOf(1), 1)).toBe("created");
    expect(time.slept).toEqual([expected]);
    expect(github.comments).toHaveLength(1);
  });

  test("that lasts longer than a job should wait ends it, with the time from which it may go on", async () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": at("2026-11-27T10:59:59Z") };
    github.faults.push({ when: /^GET .*comments$/, answer: { status: 403, body: { message: "rate limit" }, headers } });
    await expect(publishComment(forge(), textOf(1), 1)).rejects.toThrow("is reached until 2026-11-27T11:00:00.000Z");
  });

  test("that comes again and again is waited for no longer than all its patience", async () => {
    for (let index = 0; index < 5; index += 1) {
      github.faults.push({ when: /^GET .*comments$/, answer: { status: 429, headers: { "retry-after": "60" } } });
    }
    const time = clock();
    await expect(publishComment(forge("bot", time, 150_000), textOf(1), 1)).rejects.toThrow("is reached until");
    expect(time.slept).toEqual([60_000, 60_000]);
  });
});

describe("GitHub that fails for a moment", () => {
  test("is asked again, and the comment is made once though its first answer was lost", async () => {
    github.faults.push({ when: /^GET .*comments$/, answer: { status: 502 } });
    let isFirst = true;
    github.meanwhile = (name) => {
      if (name !== CREATE || !isFirst) return;
      isFirst = false;
      // Made, and the answer is an error.
      github.add(PULL_REQUEST, textOf(1), BOT);
      github.faults.push({ when: /^POST/, answer: { status: 504 } });
    };
    await publishComment(forge(), textOf(1), 1);
    expect(bodies()).toEqual([textOf(1)]);
  });

  test("and goes on failing ends the command", async () => {
    for (let index = 0; index < 4; index += 1) github.faults.push({ when: /./, answer: { status: 500 } });
    await expect(publishComment(forge(), textOf(1), 1)).rejects.toThrow(/GET .*: 500/);
  });

  test("by not answering at all is named", async () => {
    const gone = gitHub({ ...clock(), api: "http://127.0.0.1:9", repository: "a/b", pullRequest: 1, token: "x" });
    await expect(publishComment(gone, textOf(1), 1)).rejects.toThrow("http://127.0.0.1:9 does not answer");
  });
});

test("the stand-in refuses what GitHub refuses: a body that is too long, and calls that it does not describe", async () => {
  await expect(forge().create("x".repeat(65_537))).rejects.toThrow("422 Validation Failed");
  await expect(fetch(`${github.url}/repos/example/ralex/pulls`)).resolves.toMatchObject({ status: 400 });
  expect(github.problems.splice(0)).toEqual([expect.stringContaining("GitHub has no GET /repos/example/ralex/pulls")]);
  expect(github.calls).toContain(CREATE);
  expect(github.calls).not.toContain(LIST);
});

test("./ralex ci comment writes the comment of a run of GitHub, and a second run of the same commit touches nothing", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-comment-"));
  const event = path.join(folder, "event.json");
  const about = { number: PULL_REQUEST, head: { sha: "1".repeat(40) }, base: { sha: "2".repeat(40) } };
  fs.writeFileSync(event, JSON.stringify({ pull_request: about }));
  const files = [changed, unchanged].map((result) => writeResult(folder, result));
  const summary = path.join(folder, "summary.md");
  const command = (run: number) =>
    execa(path.resolve(__dirname, "../../../../ralex"), ["ci", "comment", ...files], {
      extendEnv: false,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        GITHUB_ACTIONS: "true",
        GITHUB_API_URL: github.url,
        GITHUB_REPOSITORY: github.repository,
        GITHUB_TOKEN: "bot",
        GITHUB_EVENT_PATH: event,
        GITHUB_RUN_ID: String(run),
        GITHUB_STEP_SUMMARY: summary,
      },
    });
  expect((await command(1)).stdout).toBe("GitHub, example/ralex#12: the comment was created");
  expect((await command(2)).stdout).toBe("GitHub, example/ralex#12: the comment was left as it is");
  expect(writes()).toEqual([CREATE]);
  const [comment] = bodies();
  expect(comment).toMatch(/^### `prod` replaces `postgres-data`[^]*Unchanged: `dev`[^]*commit 1{12} · base 2{12}/m);
  expect(fs.readFileSync(summary, "utf8").startsWith(comment ?? "none")).toBe(true);
  fs.rmSync(folder, { recursive: true });
}, 60_000);
