import * as fc from "fast-check";
import { isRelease } from "../../../components/image/ledger";
import { rollbackTarget } from "../../../components/image/rollback";
import { digits, entry, ledgers, pin } from "./release-samples";

const schema = { version: 1, barriers: [] };
const ask = (ledger: string, present: string, to?: string) =>
  rollbackTarget({
    stack: "prod",
    ledger: [...ledger].map((digit) => entry(digit)),
    present: pin(present),
    schema,
    to,
  });

describe("a rollback", () => {
  test.each<[string, string, string, string]>([
    ["the release before the present one", "cba", "c", "b"],
    ["the release before, though the present one was verified twice", "ccba", "c", "b"],
    ["the newest verified one, when the present one never was", "ba", "c", "b"],
    ["the one before it, when the present one is an earlier one that was pinned again", "cba", "b", "a"],
    ["what ran before, when the present one has come back", "acba", "a", "c"],
  ])("goes to %s", (_, ledger, present, expected) => {
    expect(ask(ledger, present)).toEqual({ target: entry(expected), refusals: [] });
  });

  test.each<[string, string, string]>([
    ["there is nothing before it", "a", "a"],
    ["there is only itself, twice", "aa", "a"],
    ["nothing was ever verified", "", "a"],
  ])("is refused when %s", (_, ledger, present) => {
    expect(ask(ledger, present)).toEqual({ refusals: ["the ledger of prod has no release before r-a"] });
  });

  test("goes to any release of the ledger that is asked for, a newer one included", () => {
    expect(ask("cba", "b", "r-c").target?.id).toBe("r-c");
    expect(ask("cba", "c", "r-a").target?.id).toBe("r-a");
  });

  test("to what is pinned, or was never verified here, is refused with what there is", () => {
    expect(ask("cba", "c", "r-c").refusals).toEqual(["release r-c is the one that is pinned"]);
    expect(ask("cbab", "c", "r-d").refusals).toEqual([
      "release r-d was never verified in prod; those that were: r-b, r-a",
    ]);
    expect(ask("", "c", "r-d").refusals).toEqual(["release r-d was never verified in prod; those that were: none"]);
  });

  test("never names a target that is the present release, or that the environment has not verified", () => {
    const asked = fc.option(
      digits.map((digit) => `r-${digit}`),
      { nil: undefined },
    );
    fc.assert(
      fc.property(ledgers, digits, asked, (ledger, present, to) => {
        const { target, refusals } = rollbackTarget({ stack: "prod", ledger, present: pin(present), schema, to });
        expect(refusals.length === 0).toBe(target !== undefined);
        if (target === undefined) return;
        expect(ledger).toContain(target);
        expect(isRelease(target, pin(present))).toBe(false);
        if (to !== undefined) expect(target.id).toBe(to);
      }),
    );
  });
});

describe("a migration that is marked as a barrier", () => {
  const across = (version: number, barriers: readonly number[], before: number) =>
    rollbackTarget({
      stack: "prod",
      ledger: [
        entry("b", { schema: { version, barriers: [...barriers] } }),
        entry("a", { schema: { version: before, barriers: [] } }),
      ],
      present: pin("b"),
      schema: { version, barriers: [...barriers] },
    }).refusals;

  test("is not gone back across, and the refusal says which, why and what else can be done", () => {
    expect(across(4, [3], 2)).toEqual([
      "database migration 3, which release r-b has applied, is marked as a barrier, and release r-a knows the schema " +
        "up to 2 only: it would not work on this database. Go forward with a repaired release, or restore a backup " +
        "from before the migration",
    ]);
    expect(across(4, [3, 4], 2)[0]).toContain("database migration 3, 4,");
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

  test("is not asked of a release whose schema nothing tells: a rollback must work when every other stack is gone", () => {
    const question = { stack: "prod", ledger: [entry("a")], present: pin("b"), schema: undefined };
    expect(rollbackTarget(question)).toEqual({ target: entry("a"), refusals: [] });
  });
});
