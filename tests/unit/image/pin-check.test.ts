import * as fc from "fast-check";
import { judgePin, pinOf, refusalsOf, type PinSources, type StackReader } from "../../../components/image/pin-check";
import { built, digits, editedPins, entry, ledgers, pin, ref } from "./release-samples";

const BUILDS = ["a", "b", "c", "d"].map((digit) => built(digit));
/** prod, after staging; everything was built and nothing was verified yet. */
const PROD: PinSources = {
  environment: "prod",
  own: [],
  releases: BUILDS,
  upstream: { name: "staging", ledger: [] },
  takesSubstitutes: false,
};
const DEV: PinSources = { environment: "dev", own: [], releases: BUILDS, takesSubstitutes: false };
const PLACE = { environment: "prod", promotesFrom: "staging", takesSubstitutes: false };

describe("a pinned release", () => {
  test("may run once the environment before has it verified, exactly as it was built", () => {
    const upstream = { name: "staging", ledger: [entry("b"), entry("a")] };
    expect(refusalsOf(pin("a"), { ...PROD, upstream })).toEqual([]);
  });

  test("may run in the first environment as soon as it was built", () => {
    expect(refusalsOf(pin("a"), DEV)).toEqual([]);
  });

  test("that the environment itself has verified needs nobody else", () => {
    const own = [entry("b"), entry("a")];
    const gone = { ...PROD, own, releases: undefined, upstream: { name: "staging", ledger: undefined } };
    expect(refusalsOf(pin("a"), gone)).toEqual([]);
  });

  test("that the environment itself has verified is known without a look at any other stack", async () => {
    const asked: string[] = [];
    const read: StackReader = {
      ledger: (environment) => Promise.resolve(asked.push(environment) > 0 ? [entry("a")] : undefined),
      releases: () => Promise.reject(new Error("damaged")),
    };
    expect(await judgePin(pin("a"), PLACE, read)).toEqual({ refusal: undefined, images: entry("a").images });
    expect(asked).toEqual(["prod"]);
  });

  test("is refused in one text with what every stack says", async () => {
    const nothing = () => Promise.resolve(undefined);
    const { refusal, images } = await judgePin(pin("a"), PLACE, { ledger: nothing, releases: nothing });
    expect(images).toBeUndefined();
    expect(refusal).toBe(
      "the release pinned for prod is refused:\n" +
        "  ralex-images/release cannot be read in this backend: run ./ralex build here first\n" +
        "  the ledger of staging cannot be read in this backend: deploy and publish there first",
    );
  });

  test("is refused with every reason and what to do when all the others are gone", () => {
    const gone = { ...PROD, releases: undefined, upstream: { name: "staging", ledger: undefined } };
    expect(refusalsOf(pin("a"), gone)).toEqual([
      "ralex-images/release cannot be read in this backend: run ./ralex build here first",
      "the ledger of staging cannot be read in this backend: deploy and publish there first",
    ]);
  });

  test("is refused while the environment before has not verified it", () => {
    expect(refusalsOf(pin("a"), PROD)).toEqual([
      "release r-a is not verified in staging: run ./ralex deploy -s staging, then ./ralex promote staging prod",
    ]);
  });

  test("that nobody built is refused", () => {
    expect(refusalsOf(pin("e"), DEV)).toEqual([
      "ralex-images/release has no release r-e: choose one of ./ralex releases",
    ]);
  });

  test("with a tag instead of a digest is refused by the name of the image", () => {
    const edited = { ...pin("a"), images: { ...pin("a").images, probe: "registry.example/probe:latest" } };
    expect(refusalsOf(edited, DEV)).toEqual([
      `image probe is pinned to registry.example/probe:latest, but release r-a has ${ref("probe", "a")}: ` +
        "a pin is written by ./ralex promote",
    ]);
  });

  test("edited by hand is refused everywhere, though the release of its id is verified everywhere", () => {
    const edited = digits.chain((digit) => fc.tuple(fc.constant(digit), editedPins(digit)));
    fc.assert(
      fc.property(edited, ([digit, one]) => {
        const verified = [entry(digit)];
        const upstream = { name: "staging", ledger: verified };
        expect(refusalsOf(one, { ...PROD, own: verified, upstream })).not.toEqual([]);
        expect(refusalsOf(one, { ...DEV, own: verified })).not.toEqual([]);
      }),
    );
  });

  test("may run exactly when it is verified here, or built as pinned and verified before, whatever the stacks say", () => {
    const builds = fc.option(fc.subarray(BUILDS), { nil: undefined });
    const before = fc.option(
      fc.option(ledgers, { nil: undefined }).map((ledger) => ({ ledger })),
      { nil: undefined },
    );
    fc.assert(
      fc.property(digits, ledgers, builds, before, (digit, own, releases, upstream) => {
        const refusals = refusalsOf(pin(digit), {
          environment: "prod",
          own,
          releases,
          takesSubstitutes: false,
          ...(upstream === undefined ? {} : { upstream: { name: "staging", ...upstream } }),
        });
        const has = (list: readonly { id: string }[] | undefined) =>
          list?.some(({ id }) => id === `r-${digit}`) === true;
        const may = has(own) || (has(releases) && (upstream === undefined || has(upstream.ledger)));
        expect(refusals.length === 0).toBe(may);
        for (const refusal of refusals) expect(refusal).toMatch(/: (run|choose|deploy|a pin is written by) /);
      }),
      { numRuns: 500 },
    );
  });

  test("is what was built, without its platforms", () => {
    expect(pinOf(built("a"))).toEqual(pin("a"));
  });

  test("with images that stand in for official ones runs with the tools that made them alone, verified or not", () => {
    const images = {
      ...built("a").images,
      redis: {
        ref: ref("redis", "a"),
        platforms: ["linux/amd64"],
        thirdParty: { tag: "7", sizeBudgetMiB: 9, substitute: true as const },
      },
    };
    const release = { ...built("a"), images };
    const pinned = pinOf(release);
    const verified = { ...entry("a"), images };
    for (const own of [[], [verified]]) {
      const place = { ...DEV, own, releases: [release] };
      expect(refusalsOf(pinned, { ...place, takesSubstitutes: true })).toEqual([]);
      expect(refusalsOf(pinned, place)).toEqual([
        "release r-a was built where no registry was reached, and has substitutes for redis, which official tools do not " +
          "run: run ./ralex build with official tools, or name the lock to trust in RALEX_IMAGES_LOCK",
      ]);
    }
  });
});
