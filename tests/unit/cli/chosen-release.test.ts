/** What a program runs of a release. */
import { ChosenRelease } from "../../../stacks/release";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const refs = { "ralex-api": `r.example/ralex-api@${digest("a")}`, redis: `redis@${digest("b")}` };
const images = {
  "ralex-api": { ref: refs["ralex-api"], platforms: [] },
  redis: { ref: refs.redis, platforms: [], thirdParty: { tag: "7", sizeBudgetMiB: 9, substitute: true as const } },
};
const release = (mirror?: string) => new ChosenRelease({ id: "r-1", imageLock: "pinned", refs, images }, mirror, false);

describe("the images that a target runs", () => {
  test("are those that it names, once each; the release keeps all", () => {
    expect(release().run(["redis", "ralex-api", "redis"])).toMatchObject({
      release: { id: "r-1", images: refs, ran: ["ralex-api", "redis"] },
      substitutes: ["redis"],
    });
    const { images: run, substitutes } = release().run(["ralex-api"]);
    expect([Object.keys(run), substitutes]).toEqual([["ralex-api"], []]);
  });

  test("are pulled from the environment's mirror, and the release says what it always said", () => {
    const { images: run, release: said } = release("docker.io=m.example/hub").run(["redis", "ralex-api"]);
    expect(run.redis?.toString()).toBe(`m.example/hub/library/redis@${digest("b")}`);
    expect(run["ralex-api"]?.toString()).toBe(refs["ralex-api"]);
    expect(said.images).toEqual(refs);
  });

  test("that the release does not have are named all at once", () => {
    expect(() => release().run(["nginx", "redis", "openwebui"])).toThrow(
      "release r-1 has no image nginx, openwebui: build and promote one that has",
    );
  });
});
