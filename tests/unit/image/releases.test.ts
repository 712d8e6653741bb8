/** The list of releases that the release project exports. */
import { MOST_RELEASES, readReleases, type ReleaseRecord, withRelease } from "../../../components/image/releases";

const built = (digit: string, createdAt = "2026-11-24T18:00:00.000Z"): Omit<ReleaseRecord, "id"> => ({
  revision: `commit-${digit}`,
  createdAt,
  images: { probe: { ref: `r/probe@sha256:${digit.repeat(64)}`, platforms: ["linux/amd64", "linux/arm64"] } },
  schema: { version: 3, barriers: [2] },
});

describe("the list of releases", () => {
  test("grows in front, and is read back as it was written", () => {
    const first = withRelease([], built("a"));
    const both = withRelease(first, built("b"));
    expect(both.map(({ revision }) => revision)).toEqual(["commit-b", "commit-a"]);
    expect(readReleases(JSON.parse(JSON.stringify(both)))).toEqual(both);
  });

  test("does not change for the images that are in front already, whatever the time is", () => {
    const first = withRelease([], built("a"));
    expect(withRelease(first, built("a", "2027-01-01T00:00:00.000Z"))).toBe(first);
  });

  test("takes images of an earlier release to the front once, under the same id", () => {
    const first = withRelease([], built("a"));
    const again = withRelease(withRelease(first, built("b")), built("a"));
    expect(again.map(({ id }) => id)).toHaveLength(2);
    expect(again[0]?.id).toBe(first[0]?.id);
  });

  test("has one id for the same digests, whatever repository they are pulled from", () => {
    const [first] = withRelease([], built("a"));
    const { probe } = built("a").images;
    const mirrored = {
      ...built("a"),
      images: { probe: { ...probe, platforms: [], ref: probe?.ref.replace("r/", "mirror.example/r/") ?? "" } },
    };
    const [again] = withRelease([], mirrored);
    expect(again?.id).toBe(first?.id);
    expect(withRelease([], built("b"))[0]?.id).not.toBe(first?.id);
  });

  test("is bounded", () => {
    let list: readonly ReleaseRecord[] = [];
    for (let number = 0; number < MOST_RELEASES + 3; number++) {
      list = withRelease(list, {
        ...built("a"),
        images: { probe: { ref: `r/probe@${number}`, platforms: ["linux/amd64"] } },
      });
    }
    expect(list).toHaveLength(MOST_RELEASES);
  });

  test.each([
    ["no schema", { ...withRelease([], built("a"))[0], schema: undefined }, /0\.schema/],
    ["a negative version", { ...withRelease([], built("a"))[0], schema: { version: -1, barriers: [] } }, /version/],
    [
      "a barrier that is no number",
      { ...withRelease([], built("a"))[0], schema: { version: 1, barriers: ["1"] } },
      /barriers/,
    ],
  ])("is refused with %s", (_, entry, message) => {
    expect(() => readReleases([entry])).toThrow(message);
  });
});
