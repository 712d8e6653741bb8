/** What a release starts from: a base for every platform, and the export of a commit. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { baseImage } from "../../../components/image/base-image";
import { readExportedCommit } from "../../../components/image/exported-commit";
import { ImageLock } from "../../../components/image/lock";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-base-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function lockOf(entry: Readonly<Record<string, unknown>>): ImageLock {
  const file = path.join(folder, "lock.json");
  const digest = `sha256:${"0".repeat(64)}`;
  fs.writeFileSync(
    file,
    JSON.stringify({ python: { repository: "python", tag: "3", digest, sizeBudgetMiB: 1, ...entry } }),
  );
  return ImageLock.read(file);
}

describe("the base image", () => {
  test("is the lock's, when it is for every platform", () => {
    const lock = lockOf({ platforms: ["linux/amd64", "linux/arm64"] });
    expect(baseImage(lock, "python", ["linux/arm64"])).toEqual(lock.ref("python"));
  });

  test("is refused when it lacks a platform, with what to do", () => {
    const official = lockOf({ platforms: ["linux/amd64"] });
    expect(() => baseImage(official, "python", ["linux/amd64", "linux/arm64"])).toThrow(
      /image python of .*lock\.json is not for linux\/arm64: run \.\/ralex images lock python/,
    );
    const substitute = lockOf({ platforms: ["linux/amd64"], substitute: true });
    expect(() => baseImage(substitute, "python", ["linux/arm64"])).toThrow(/run \.\/ralex build/);
  });
});

describe("the export of a commit", () => {
  const change = { commit: "a".repeat(40), time: 1_790_000_000 };
  const write = (content: unknown) => fs.writeFileSync(path.join(folder, "commit.json"), JSON.stringify(content));

  test("says which commit it is, and when each context changed", () => {
    const commit = { revision: "b".repeat(40), changes: { "ralex-api": change, probe: change } };
    write(commit);
    expect(readExportedCommit(folder)).toEqual(commit);
  });

  test.each([
    ["without a context", { revision: "b".repeat(40), changes: { probe: change } }, /changes\.ralex-api/],
    ["with a short commit", { revision: "b", changes: { "ralex-api": change, probe: change } }, /revision/],
  ])("is refused %s", (_, content, message) => {
    write(content);
    expect(() => readExportedCommit(folder)).toThrow(message);
  });

  test("that is not there is asked for", () => {
    expect(() => readExportedCommit(path.join(folder, "nowhere"))).toThrow(
      /is not the export of a commit: run \.\/ralex build/,
    );
  });
});
