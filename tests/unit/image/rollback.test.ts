import * as fc from "fast-check";
import { isRelease } from "../../../components/image/ledger";
import { dataRefusals, rollbackTarget } from "../../../components/image/rollback";
import { pinOf } from "../../../components/image/pin-check";
import type { ReleaseImages } from "../../../components/image/releases";
import { built, digits, entry, ledgers, pin } from "./release-samples";

const ask = (ledger: string, pinned: string, { to, isStarted = true }: { to?: string; isStarted?: boolean } = {}) =>
  rollbackTarget({
    stack: "prod",
    ledger: [...ledger].map((digit) => entry(digit)),
    pin: pin(pinned),
    isStarted,
    built: built(pinned),
    to,
  });

describe("a rollback", () => {
  test.each<[string, string, string, string]>([
    ["the release before the present one", "cba", "c", "b"],
    ["the release before, though the present one was verified twice", "ccba", "c", "b"],
    ["the newest verified one, when the present one never was", "ba", "c", "b"],
    ["what came before, when the present one was left and has come back", "cacb", "c", "b"],
  ])("goes to %s", (_, ledger, pinned, expected) => {
    expect(ask(ledger, pinned)).toEqual({ target: entry(expected), refusals: [] });
  });

  test("that was killed after it had pinned goes on to the same release, and no further", () => {
    for (const isStarted of [false, true]) {
      expect(ask("cba", "b", { isStarted })).toEqual({ target: entry("b"), refusals: [] });
      expect(ask("cba", "b", { isStarted, to: "r-b" })).toEqual({ target: entry("b"), refusals: [] });
    }
  });

  test("leaves what runs, where something else was pinned and never started", () => {
    expect(ask("cba", "d", { isStarted: false }).target?.id).toBe("r-b");
    expect(ask("cba", "d", { isStarted: true }).target?.id).toBe("r-c");
  });

  test("does not go back to what an earlier rollback left, and says how to have it all the same", () => {
    expect(ask("bcba", "b")).toEqual({ target: entry("a"), refusals: [] });
    expect(ask("aca", "a").refusals).toEqual([
      "the ledger of prod has no release before r-a; left by a rollback, and to be had with --to: r-c",
    ]);
    expect(ask("aca", "a", { to: "r-c" }).target?.id).toBe("r-c");
  });

  test.each<[string, string, string]>([
    ["there is nothing before it", "a", "a"],
    ["there is only itself, twice", "aa", "a"],
    ["nothing was ever verified", "", "a"],
  ])("is refused when %s", (_, ledger, pinned) => {
    expect(ask(ledger, pinned)).toEqual({ refusals: ["the ledger of prod has no release before r-a"] });
  });

  test("goes to any release of the ledger that is asked for, a newer one included", () => {
    expect(ask("bcba", "b", { to: "r-c" }).target?.id).toBe("r-c");
    expect(ask("cba", "c", { to: "r-a" }).target?.id).toBe("r-a");
    expect(ask("cba", "d", { to: "r-c", isStarted: false }).target?.id).toBe("r-c");
  });

  test("to what is pinned and runs, or was never verified here, is refused with what there is", () => {
    expect(ask("cba", "c", { to: "r-c" }).refusals).toEqual(["release r-c is the one that prod has pinned and runs"]);
    expect(ask("cbab", "c", { to: "r-d" }).refusals).toEqual([
      "release r-d was never verified in prod; those that were: r-b, r-a",
    ]);
    expect(ask("", "c", { to: "r-d" }).refusals).toEqual([
      "release r-d was never verified in prod; those that were: none",
    ]);
  });

  test("names a target of the ledger or says why not, and asked again after it was pinned it names the same", () => {
    const asked = fc.option(
      digits.map((digit) => `r-${digit}`),
      { nil: undefined },
    );
    let named = 0;
    fc.assert(
      fc.property(ledgers, digits, asked, fc.boolean(), (ledger, pinned, to, isStarted) => {
        const question = { stack: "prod", ledger, pin: pin(pinned), isStarted, built: built(pinned), to };
        const { target, refusals } = rollbackTarget(question);
        expect(refusals.length === 0).toBe(target !== undefined);
        if (target === undefined) return;
        named += 1;
        expect(ledger).toContain(target);
        if (to !== undefined) expect(target.id).toBe(to);
        const newest = ledger[0];
        if (newest === undefined || isRelease(newest, target)) return;
        for (const started of [false, true]) {
          const again = rollbackTarget({ ...question, pin: pinOf(target), isStarted: started });
          expect(again.target?.id).toBe(target.id);
        }
      }),
    );
    // Refusals alone would show nothing.
    expect(named).toBeGreaterThan(10);
  });
});

describe("a migration that is marked as a barrier", () => {
  const across = (version: number, barriers: readonly number[], before: number, isRestored = false) =>
    rollbackTarget({
      stack: "prod",
      ledger: [
        entry("b", { schema: { version, barriers: [...barriers] } }),
        entry("a", { schema: { version: before, barriers: [] } }),
      ],
      pin: pin("b"),
      isStarted: true,
      built: undefined,
      isRestored,
    }).refusals;

  test("is not gone back across, and the refusal says which, why and what else can be done", () => {
    expect(across(4, [3], 2)).toEqual([
      "database migration 3, which release r-b has applied, is marked as a barrier, and release r-a knows the schema " +
        "up to 2 only: it would not work on this database. Go forward with a repaired release; or restore a backup " +
        "from before, and say --database-restored",
    ]);
    expect(across(4, [3, 4], 2)[0]).toContain("database migration 3, 4,");
    expect(across(4, [3], 2, true)).toEqual([]);
  });

  test("holds up exactly the releases that do not have it", () => {
    const version = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(version, fc.uniqueArray(fc.integer({ min: 1, max: 9 })), version, (now, marked, before) => {
        const barriers = marked.filter((barrier) => barrier <= now).sort();
        expect(across(now, barriers, before).length > 0).toBe(barriers.some((barrier) => barrier > before));
      }),
    );
  });

  test("of a release that was deployed and never verified counts too", () => {
    const barred = { version: 3, barriers: [3] };
    const question = {
      stack: "prod",
      ledger: [entry("a")],
      pin: pin("b"),
      isStarted: true,
      built: { ...built("b"), schema: barred },
    };
    expect(rollbackTarget(question).refusals).toHaveLength(1);
    expect(rollbackTarget({ ...question, isStarted: false, ledger: [entry("c"), entry("a")] }).refusals).toEqual([]);
  });

  test("is not asked of a release that nothing is known of: a rollback must work when every other stack is gone", () => {
    const question = { stack: "prod", ledger: [entry("a")], pin: pin("b"), isStarted: true, built: undefined };
    expect(rollbackTarget(question)).toEqual({ target: entry("a"), refusals: [] });
  });
});

describe("an image that keeps data", () => {
  /** A release whose Open WebUI writes this version; undefined is unknown. */
  const images = (digit: string, dataVersion: string | undefined): ReleaseImages => ({
    ...built(digit).images,
    openwebui: {
      ref: `r/openwebui@sha256:${digit.repeat(64)}`,
      platforms: ["linux/amd64"],
      thirdParty: { tag: `v${digit}`, sizeBudgetMiB: 9, ...(dataVersion === undefined ? {} : { dataVersion }) },
    },
  });
  const from = (digit: string, dataVersion: string | undefined) => entry(digit, { images: images(digit, dataVersion) });
  const back = (now: string | undefined, before: string | undefined, isRestored = false) =>
    rollbackTarget({
      stack: "prod",
      ledger: [from("b", now), from("a", before)],
      pin: pinOf(from("b", now)),
      isStarted: true,
      built: undefined,
      isRestored,
    });

  test("comes back as the older image where that reads what was written", () => {
    expect(back("m1", "m1")).toEqual({ target: from("a", "m1"), refusals: [] });
    expect(back(undefined, undefined).refusals).toEqual([]);
  });

  test("is not gone back with where its database was migrated since, and the refusal says what else can be done", () => {
    expect(back("m2", "m1").refusals).toEqual([
      "openwebui has written its data as m2 (vb), and release r-a has it as m1 (va): it may not read them. Go forward " +
        "with a repaired release; or restore a backup from before, and say --database-restored",
    ]);
    expect(back("m2", "m1", true).refusals).toEqual([]);
  });

  test("of which only one release says the version is not gone back with", () => {
    expect(back("m2", undefined).refusals[0]).toContain("has it as an unknown version (va)");
    expect(back(undefined, "m1").refusals[0]).toContain("written its data as an unknown version (vb)");
  });

  test("goes forward to any version that was never here, and not to one that was", () => {
    const present = from("b", "m2");
    expect(dataRefusals(present, from("c", "m3"), [present, from("a", "m1")])).toEqual([]);
    expect(dataRefusals(present, from("c", "m1"), [present, from("a", "m1")])).toHaveLength(1);
  });
});
