import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ImageLock } from "../../../components/image/lock";
import { substitutesOf, thirdPartyImages } from "../../../components/image/third-party";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const entry = (name: string, digit: string) => ({
  ...{ repository: `r.example/${name}`, tag: "1", digest: digest(digit) },
  ...{ platforms: ["linux/amd64"], sizeBudgetMiB: 100 },
});

function lockOf(entries: Readonly<Record<string, object>>): ImageLock {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-third-party-"));
  const file = path.join(folder, "lock.json");
  fs.writeFileSync(file, JSON.stringify(entries));
  const lock = ImageLock.read(file);
  fs.rmSync(folder, { recursive: true });
  return lock;
}

const LOCK = lockOf({
  python: entry("python", "a"),
  registry: entry("registry", "b"),
  postgres: { ...entry("postgres", "c"), dataVersion: "15" },
  redis: { ...entry("redis", "d"), substitute: true },
});

describe("the third-party images of a release", () => {
  test("are those of the lock that services run: by digest, with what is known of them", () => {
    const known = { tag: "1", sizeBudgetMiB: 100 };
    expect(thirdPartyImages(LOCK)).toEqual({
      postgres: {
        ref: `r.example/postgres@${digest("c")}`,
        platforms: ["linux/amd64"],
        thirdParty: { ...known, dataVersion: "15" },
      },
      redis: {
        ref: `r.example/redis@${digest("d")}`,
        platforms: ["linux/amd64"],
        thirdParty: { ...known, substitute: true },
      },
    });
  });

  test("that stand in for official ones are named", () => {
    const own = { "ralex-api": { ref: `r.example/ralex-api@${digest("e")}`, platforms: [] } };
    expect(substitutesOf({ ...thirdPartyImages(LOCK), ...own })).toEqual(["redis"]);
    expect(substitutesOf(own)).toEqual([]);
  });
});
