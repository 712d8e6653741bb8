import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  chosenLock,
  COMMITTED_LOCK,
  GENERATED_LOCK,
  ImageLock,
  ImageLockError,
  readLock,
  takesSubstitutes,
} from "../../../components/image/lock";
import { OFFICIAL_IMAGES } from "../../../components/image/official-images";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const entry = { repository: "127.0.0.1:5055/redis", tag: "7.0", digest: DIGEST, platforms: ["linux/amd64"] };

describe("the image lock", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-lock-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const lock = (document: unknown): ImageLock => {
    const file = path.join(folder, "images.lock.json");
    fs.writeFileSync(file, typeof document === "string" ? document : JSON.stringify(document));
    return ImageLock.read(file);
  };

  test("gives images by digest, and names those that it has where one is missing", () => {
    const read = lock({
      redis: { ...entry, sizeBudgetMiB: 120, substitute: true },
      postgres: { ...entry, repository: "postgres", sizeBudgetMiB: 500 },
    });
    expect(read.ref("redis").toString()).toBe(`127.0.0.1:5055/redis@${DIGEST}`);
    expect(() => read.ref("nginx")).toThrow("has no image nginx; it has redis, postgres");
  });

  test("reports every problem of a damaged file in one error", () => {
    const damaged = () => lock({ redis: { ...entry, digest: "sha256:1", sizeBudgetMiB: 0, extra: 1 } });
    expect(damaged).toThrow(ImageLockError);
    for (const part of ["redis.digest", "redis.sizeBudgetMiB", "extra"]) expect(damaged).toThrow(part);
  });

  test("refuses a file that is no JSON, one that is missing, and a repository with a tag", () => {
    expect(() => lock("{")).toThrow(ImageLockError);
    expect(() => ImageLock.read(path.join(folder, "none.json"))).toThrow("cannot be read");
    expect(() => lock({ redis: { ...entry, repository: "redis:7", sizeBudgetMiB: 1 } })).toThrow("tag beside");
  });
});

test("the committed lock has the tags and budgets of the official images, and leaves out only what it says", () => {
  const committed = ImageLock.read(path.resolve(__dirname, "../../../images/images.lock.json"));
  for (const name of committed.names) {
    const { digest, platforms, ...said } = committed.entry(name);
    expect(said).toEqual(OFFICIAL_IMAGES[name]);
    expect([digest.length, platforms]).toEqual([71, ["linux/amd64", "linux/arm64"]]);
  }
  const missing = Object.keys(OFFICIAL_IMAGES).filter((name) => !committed.has(name));
  // No published record of their digests was found; ./ralex images lock fills them in where a registry is reachable.
  expect(missing).toEqual(["openwebui"]);
});

describe("the lock that counts", () => {
  const of = (named: string | undefined) =>
    chosenLock("/work", named === undefined ? {} : { RALEX_IMAGES_LOCK: named });

  test("is the committed one, unless the environment names another", () => {
    for (const nothing of [undefined, ""]) {
      expect(of(nothing)).toEqual({ file: "/work/images/images.lock.json", origin: "committed" });
    }
  });

  test.each([
    ["images/images.lock.json", "committed", false],
    [".ralex/images.lock.json", "generated", true],
    ["/work/.ralex/release/images.lock.json", "generated", true],
    ["/work/.ralex/official/images.lock.json", "resolved", false],
    ["/elsewhere/.ralex/images.lock.json", "named", true],
    ["mine.json", "named", true],
  ])("%s is %s, and substitutes may run with it: %s", (named, origin, may) => {
    expect(of(named).origin).toBe(origin);
    expect(takesSubstitutes("/work", { RALEX_IMAGES_LOCK: named })).toBe(may);
  });

  test("of this machine's substitutes does not count for who does not name it", () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-lock-"));
    for (const [file, tag] of [
      [COMMITTED_LOCK, "official"],
      [GENERATED_LOCK, "substitute"],
    ] as const) {
      fs.mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true });
      fs.writeFileSync(path.join(checkout, file), JSON.stringify({ redis: { ...entry, sizeBudgetMiB: 9, tag } }));
    }
    expect(readLock(checkout, {}).entry("redis").tag).toBe("official");
    expect(readLock(checkout, { RALEX_IMAGES_LOCK: GENERATED_LOCK }).entry("redis").tag).toBe("substitute");
    expect(takesSubstitutes(checkout, {})).toBe(false);
    fs.rmSync(checkout, { recursive: true });
  });
});
