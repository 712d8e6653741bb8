/** Backends that only Pulumi reads; here a table stands for it. */
import type { Backend } from "../../../../cli/backend/backend";
import { openBackend } from "../../../../cli/backend/open";
import { resourcesOf } from "../../../../cli/backend/resources";
import { cancelStaleLock } from "../../../../cli/recovery";
import { Failure } from "../../../../cli/failure";
import { Workspace } from "../../../../cli/workspace";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A backend whose Pulumi answers so, and what it was asked. */
function asked(url: string, answers: Readonly<Record<string, string>>) {
  const questions: string[] = [];
  const backend = openBackend(url, (args) => {
    questions.push(args.join(" "));
    const answer = answers[args.join(" ")];
    return answer === undefined
      ? Promise.reject(new Failure("pulumi stack failed:\nerror: no stack named 'x' found"))
      : Promise.resolve(answer);
  });
  return { backend, questions };
}

const ID = { project: "ralex", stack: "dev" };
const resourcesIn = (backend: Backend) => resourcesOf({ backend }, ID.project, ID.stack);
const STATE = JSON.stringify({ deployment: { resources: [{ urn: "u", type: "t" }] } });

describe("Pulumi Cloud", () => {
  const URL = "https://api.pulumi.com";

  test("names stacks by the organization that was chosen, asked once", async () => {
    const { backend, questions } = asked(URL, {
      "org get-default": "acme\n",
      "stack export --stack acme/ralex/dev": STATE,
    });
    expect(await backend.organization()).toBe("acme");
    expect(await resourcesIn(backend)).toEqual([{ urn: "u", type: "t" }]);
    expect((await backend.deployment(ID)) !== undefined).toBe(true);
    expect(questions.filter((one) => one === "org get-default")).toHaveLength(1);
  });

  test("names them by the user where no organization was chosen", async () => {
    for (const none of ["No Default Org Specified\n", "\n"]) {
      const { backend } = asked(URL, { "org get-default": none, whoami: "ada\n" });
      expect(await backend.organization()).toBe("ada");
    }
  });

  test("does not know a stack that it says it has not, and other errors are errors", async () => {
    const { backend } = asked(URL, { "org get-default": "acme" });
    expect([await resourcesIn(backend), (await backend.deployment(ID)) !== undefined]).toEqual([undefined, false]);
    const broken = openBackend(URL, () => Promise.reject(new Failure("error: invalid access token")));
    await expect(resourcesIn(broken)).rejects.toThrow("invalid access token");
  });

  test("keeps its locks itself, and what to do about one is said with the stack's full name", async () => {
    const { backend } = asked(URL, {});
    expect(await backend.locks()).toBeUndefined();
    expect(backend.lockAdvice("acme/ralex/dev")).toMatch(
      /ends by itself .*pulumi cancel --yes --stack acme\/ralex\/dev/,
    );
  });
});

describe.each(["gs://states", "azblob://states"])("%s", (url) => {
  test("is read through Pulumi, in the order of stacks that folders have", async () => {
    const { backend } = asked(`${url}?x=y`, { "stack export --stack organization/ralex/dev": STATE });
    expect(await resourcesIn(backend)).toEqual([{ urn: "u", type: "t" }]);
    expect(backend.address).toBe(url);
  });

  test("has locks that are not looked at, which is said, with what removing them all means", async () => {
    const { backend } = asked(url, {});
    expect(await backend.locks()).toBeUndefined();
    const advice = backend.lockAdvice("organization/ralex/dev");
    expect(advice).toMatch(
      /not looked at here.*nobody else works.*pulumi cancel .*organization\/ralex\/dev.*that lives/,
    );
  });
});

test("before an update nothing is asked of a backend that keeps its locks itself", async () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-asked-"));
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  jest.spyOn(workspace, "environment", "get").mockReturnValue({ PULUMI_BACKEND_URL: "https://api.pulumi.com" });
  const capture = jest.spyOn(workspace, "capture").mockRejectedValue(new Error("asked"));
  await cancelStaleLock(workspace, "ralex", "dev");
  expect(capture).not.toHaveBeenCalled();
  fs.rmSync(checkout, { recursive: true });
});
