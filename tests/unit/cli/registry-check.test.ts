/** What the registry of a release says before it is pinned. */
import type Docker from "dockerode";
import { unpullable } from "../../../cli/release/registry-check";
import { engineRegistry } from "../../../components/docker/engine/registry";
import { absentFrom } from "../../../cli/targets/docker/engine-images";

const REF = `127.0.0.1:5055/ralex-api@sha256:${"a".repeat(64)}`;
const OWN = { "ralex-api": { ref: REF, platforms: ["linux/amd64", "linux/arm64"] } };
const THIRD_PARTY = {
  redis: {
    ref: REF.replace("ralex-api", "redis"),
    platforms: ["linux/amd64"],
    thirdParty: { tag: "7", sizeBudgetMiB: 9 },
  },
};
const REFS = { "ralex-api": REF };

/** An engine whose registry answers for every image with this, or fails with this. */
const engine = (answer: readonly string[] | Error): Docker =>
  ({
    getImage: (ref: string) => ({
      distribution: () =>
        answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve({
              Descriptor: { digest: ref.split("@")[1] },
              Platforms: answer.map((platform) => ({
                os: platform.split("/")[0],
                architecture: platform.split("/")[1],
              })),
            }),
      inspect: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve({})),
    }),
  }) as unknown as Docker;

const registry = (answer: readonly string[] | Error) => engineRegistry(engine(answer));

describe("a release that is about to be pinned", () => {
  test("may be when its registry has every image for both platforms", async () => {
    expect(await unpullable(registry(["linux/amd64", "linux/arm64", "unknown/unknown"]), OWN)).toEqual([]);
  });

  test("may not be when an image is for one platform only, and the sentence names the other", async () => {
    const [problem, ...rest] = await unpullable(registry(["linux/amd64"]), OWN);
    expect(rest).toEqual([]);
    expect(problem).toBe(`image ralex-api: ${REF} is not for linux/arm64; run ./ralex build`);
  });

  test("needs of a third-party image the platforms that the lock had, and no others", async () => {
    expect(await unpullable(registry(["linux/amd64"]), THIRD_PARTY)).toEqual([]);
    // An image without an index: the engine does not tell.
    expect(await unpullable(registry([]), THIRD_PARTY)).toEqual([]);
    const [problem] = await unpullable(registry(["linux/arm64"]), THIRD_PARTY);
    expect(problem).toMatch(/^image redis: .* is not for linux\/amd64; put it back, or build a release with another$/);
  });

  test("may not be when its digest is gone", async () => {
    const [problem] = await unpullable(registry(new Error("manifest unknown")), OWN);
    expect(problem).toContain("is gone from its registry");
  });

  test("may not be when its registry does not answer, which is told from a digest that is gone", async () => {
    const [problem] = await unpullable(registry(new Error("connect: connection refused")), OWN);
    expect(problem).toContain("cannot be asked (connect: connection refused)");
  });
});

test("what the engine has is not asked of a registry", async () => {
  expect(await absentFrom(engine(["linux/amd64"]), REFS)).toEqual({});
  expect(await absentFrom(engine(new Error("no such image")), REFS)).toEqual(REFS);
});
