import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { writeLock } from "../../../cli/targets/docker/builder/image-lock";
import { COMMITTED_LOCK, ImageLock, RESOLVED_LOCK, type LockEntry } from "../../../components/image/lock";
import { OFFICIAL_IMAGES, type OfficialImage } from "../../../components/image/official-images";
import { CHECKOUT } from "../../support/stack";

const entry = (tag: string, digit: string): LockEntry => ({
  repository: "somewhere/image",
  tag,
  digest: `sha256:${digit.repeat(64)}`,
  platforms: ["linux/amd64"],
  sizeBudgetMiB: 10,
});
const image = (tag: string): OfficialImage => ({ repository: "somewhere/image", tag, sizeBudgetMiB: 10 });

let checkout: string;
let said: jest.SpyInstance;
beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-lock-"));
  fs.mkdirSync(path.join(checkout, "images"));
  fs.writeFileSync(path.join(checkout, COMMITTED_LOCK), JSON.stringify({ known: entry("1", "a") }));
  said = jest.spyOn(console, "error").mockReturnValue(undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(checkout, { recursive: true });
});

describe("what the image lock lacks", () => {
  test("is resolved from its tag, dated, said, and kept out of the committed lock", async () => {
    const committed = fs.readFileSync(path.join(checkout, COMMITTED_LOCK), "utf8");
    const resolve = jest.fn(({ tag }: OfficialImage) => Promise.resolve(entry(tag, "b")));
    const file = await writeLock(checkout, {
      official: { known: image("2"), fresh: image("3") },
      resolve,
      today: "2026-01-02",
    });
    expect(file).toBe(path.join(checkout, RESOLVED_LOCK));
    const lock = ImageLock.read(file);
    expect(lock.entry("known")).toEqual(entry("1", "a"));
    expect(lock.entry("fresh")).toEqual({ ...entry("3", "b"), resolved: "2026-01-02" });
    expect(said.mock.calls.flat().join()).toMatch(/fresh: .*somewhere\/image:3; its registry says sha256:bbb/);
    expect(said.mock.calls.flat().join()).not.toContain("known");
    expect(fs.readFileSync(path.join(checkout, COMMITTED_LOCK), "utf8")).toBe(committed);
  });

  test("stays what it was until the tag changes, so that a second start changes no image", async () => {
    const resolve = jest.fn(({ tag }: OfficialImage) => Promise.resolve(entry(tag, "b")));
    await writeLock(checkout, { official: { fresh: image("3") }, resolve, today: "2026-01-02" });
    await writeLock(checkout, { official: { fresh: image("3") }, resolve, today: "2026-02-03" });
    expect(resolve).toHaveBeenCalledTimes(1);
    const file = await writeLock(checkout, { official: { fresh: image("4") }, resolve, today: "2026-02-03" });
    expect(ImageLock.read(file).entry("fresh")).toMatchObject({ tag: "4", resolved: "2026-02-03" });
  });

  test("is named, all of it, where it cannot be resolved", async () => {
    const resolve = ({ tag }: OfficialImage) => Promise.reject(new Error(`no ${tag}`));
    const failed = writeLock(checkout, {
      official: { one: image("3"), two: image("4") },
      resolve,
      today: "2026-01-02",
    });
    await expect(failed).rejects.toThrow(/one: no 3\n {2}two: no 4\n.*RALEX_IMAGES_LOCK/);
    expect(fs.existsSync(path.join(checkout, RESOLVED_LOCK))).toBe(false);
  });
});

test("the committed lock has the official images, each at the tag that they are kept by, and no other", () => {
  const lock = ImageLock.read(path.join(CHECKOUT, COMMITTED_LOCK));
  for (const name of lock.names) {
    const { repository, tag, substitute } = lock.entry(name);
    expect({ name, repository, tag, substitute }).toEqual({
      name,
      repository: OFFICIAL_IMAGES[name]?.repository,
      tag: OFFICIAL_IMAGES[name]?.tag,
      substitute: undefined,
    });
  }
  expect(lock.has("registry")).toBe(true);
});
