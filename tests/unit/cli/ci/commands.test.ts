/** `./ralex ci comment` and `./ralex ci preview`: where a comment goes, and that there is one for every preview. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { comment } from "../../../../cli/ci/comment";
import { chooseForge, forgeOf } from "../../../../cli/ci/forge/choose";
import { ForgeError, type Forge } from "../../../../cli/ci/forge/forge";
import { exitCodeOf, previewAll } from "../../../../cli/ci/preview";
import { renderComment } from "../../../../cli/ci/render/comment";
import { readResult } from "../../../../cli/ci/result";
import { Failure } from "../../../../cli/failure";
import { recordedResult, RUN } from "../../../support/previews/gallery";
import { scratchFolder } from "../../../support/scratch-folder";

const replaced = recordedResult("database-replaced", "prod");
const large = recordedResult("large-diff", "prod");

describe("./ralex ci comment", () => {
  const summary = path.join(scratchFolder(), "summary.md");
  const forge = (create: Forge["create"]): Forge => ({
    ...{ name: "GitHub, a/b#1", mostCharacters: 60_000 },
    ...{
      comments: () => Promise.resolve([]),
      create,
      edit: () => Promise.resolve(true),
      remove: () => Promise.resolve(),
    },
  });
  const refusing = (isNotPermitted: boolean) => forge(() => Promise.reject(new ForgeError("403 no", isNotPermitted)));
  let said: jest.SpyInstance;
  beforeEach(() => {
    fs.rmSync(summary, { force: true });
    said = jest.spyOn(console, "error").mockReturnValue();
    jest.spyOn(console, "log").mockReturnValue();
  });

  test("appends the same text to the summary of the run, and keeps what a step before has written there", async () => {
    fs.writeFileSync(summary, "before\n");
    let text = "";
    await comment(
      [replaced],
      RUN,
      forge((given) => Promise.resolve({ id: 1, text: (text = given), isOwn: true })),
      summary,
    );
    expect(fs.readFileSync(summary, "utf8")).toBe(`before\n${text}\n`);
  });

  test("leaves more in the summary than the comment has room for", async () => {
    const comments: string[] = [];
    const kept = forge((text) => Promise.resolve({ id: comments.push(text), text, isOwn: true }));
    await comment([large], RUN, kept, summary);
    const left = (text: string) => Number(/Left out for want of room: (\d+) diff/.exec(text)?.[1]);
    expect(left(fs.readFileSync(summary, "utf8"))).toBeLessThan(left(comments[0] ?? "") / 2);
    expect(fs.statSync(summary).size).toBeLessThan(2 ** 20);
  });

  test("does not fail for want of a permission where the summary has the text, and says what is missing", async () => {
    await comment([replaced], RUN, refusing(true), summary);
    expect(said).toHaveBeenCalledWith(expect.stringContaining("no comment was written: 403 no; it is in the summary"));
    await expect(comment([replaced], RUN, refusing(true))).rejects.toThrow("no comment was written: 403 no");
    await expect(comment([replaced], RUN, refusing(false), summary)).rejects.toThrow("no comment was written");
  });
});

describe("the place of a comment", () => {
  const event = path.join(scratchFolder(), "event.json");
  const github = { GITHUB_REPOSITORY: "a/b", GITHUB_TOKEN: "t", GITHUB_RUN_ID: "77", GITHUB_EVENT_PATH: event };
  fs.writeFileSync(
    event,
    JSON.stringify({ pull_request: { number: 5, head: { sha: "1".repeat(40) }, base: { sha: "2".repeat(40) } } }),
  );

  test("is the forge whose runner this is", () => {
    expect([{ GITHUB_ACTIONS: "true" }, { GITLAB_CI: "true" }, {}].map(forgeOf)).toEqual(["github", "gitlab", "none"]);
  });

  test("is the pull request of the event, with its commits and the run", () => {
    const { forge, run } = chooseForge("github", github);
    expect(forge?.name).toBe("GitHub, a/b#5");
    expect(run).toEqual({
      run: 77,
      link: "https://github.com/a/b/actions/runs/77",
      head: "1".repeat(40),
      base: "2".repeat(40),
    });
    expect(chooseForge("github", github, 6).run).toEqual({ run: 77, link: "https://github.com/a/b/actions/runs/77" });
  });

  test("is the merge request of the pipeline", () => {
    const gitlab = {
      CI_API_V4_URL: "https://gitlab.example/api/v4",
      CI_PROJECT_ID: "9",
      CI_MERGE_REQUEST_IID: "3",
      GITLAB_TOKEN: "t",
    };
    expect(chooseForge("gitlab", { ...gitlab, CI_PIPELINE_ID: "8" })).toMatchObject({
      forge: { name: "GitLab, 9!3" },
      run: { run: 8 },
    });
  });

  test("that is not known is told with everything that is missing", () => {
    expect(() => chooseForge("github", {})).toThrow(
      /needs GITHUB_REPOSITORY.*, GITHUB_TOKEN, --pull-request.*--print writes it/,
    );
    expect(() => chooseForge("github", { ...github, GITHUB_REPOSITORY: "a/b/../c" })).toThrow("GITHUB_REPOSITORY");
    expect(() => chooseForge("gitlab", {})).toThrow(/CI_API_V4_URL, CI_PROJECT_ID, GITLAB_TOKEN/);
    expect(chooseForge("none", {}).forge).toBeUndefined();
  });
});

test("a machine on which no preview can begin gives a failed one of each stack, and no secret of it", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-no-machine-"));
  fs.writeFileSync(path.join(folder, ".env"), "RALEX_UPSTREAM_API_KEY=canary-of-the-file\n");
  for (const method of ["log", "error"] as const) jest.spyOn(console, method).mockReturnValue();
  const error = new Failure("no Docker Engine answers at tcp://canary-of-the-file:1: start it");
  const results = await previewAll(
    { error },
    ["staging", "prod"],
    { policyPacks: [] },
    folder,
    path.join(folder, "out"),
  );
  expect(exitCodeOf(results)).toBe(1);
  const read = ["staging", "prod"].map((stack) => readResult(path.join(folder, "out", `${stack}.json`)));
  expect(read).toEqual(results);
  const { text } = renderComment(read, {});
  expect(text).toContain("### The preview of `prod` and `staging` failed");
  expect(text).toContain("no Docker Engine answers at tcp://[secret]:1: start it");
  fs.rmSync(folder, { recursive: true });
});
