/** The comment as a whole: what stands where, and that it has room whatever is in it. */
import * as fc from "fast-check";
import { lossOf } from "../../../../cli/ci/data-types";
import { isPreviewComment, MOST_CHARACTERS, renderComment, runOf, substance } from "../../../../cli/ci/render/comment";
import { bounded, OUTCOMES, type PreviewResult } from "../../../../cli/ci/result";
import { galleryComment, GALLERY, recordedResult, RUN } from "../../../support/previews/gallery";
import { shownHtml } from "../../../support/previews/shown";

const refusal = { message: "refused by a policy, named above", isRefusal: true };
const replaced = recordedResult("database-replaced", "prod");
const failed = recordedResult("program-failed", "staging", { exitCode: 1 });
const refused = recordedResult("policy-refused", "test", { exitCode: 2, failure: refusal });
const large = recordedResult("large-diff", "prod");
const headlineOf = (...results: readonly PreviewResult[]) =>
  /^### (.*)$/m.exec(renderComment(results, {}).text)?.[1]?.replaceAll("`", "");

describe("the headline", () => {
  test("is the worst of all stacks in words", () => {
    const same = recordedResult("nothing-changed", "dev");
    const update = recordedResult("release-changed", "staging");
    expect(headlineOf(same)).toBe("Nothing changes in dev");
    expect(headlineOf(same, update)).toBe("staging: 1 to update");
    expect(headlineOf(same, update, replaced)).toBe("prod replaces postgres-data, which holds data");
    expect(headlineOf(update, replaced, { ...same, outcome: "cancelled" })).toBe("The preview of dev was cancelled");
    expect(headlineOf(replaced, { ...same, outcome: "timed out" })).toBe(
      "The preview of dev took too long and was ended",
    );
    expect(headlineOf(replaced, refused)).toBe("test: refused by 1 policy rule");
    expect(headlineOf(replaced, refused, failed)).toBe("The preview of staging failed");
  });

  test("counts what would be lost where that is more than one resource", () => {
    const changes = replaced.changes.map((change, index) => ({
      ...change,
      urn: `${change.urn}-${index}`,
      operation: "delete" as const,
    }));
    const both = { ...replaced, changes: [...replaced.changes, ...changes] };
    expect(headlineOf(both)).toBe("prod would delete 1 and replace 1 of what holds data");
  });
});

test("a stack that failed comes first, then what is refused, what loses data, and what only changes", () => {
  const { text } = renderComment([recordedResult("release-changed", "dev"), replaced, refused, failed], RUN);
  expect([...text.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual(["staging", "test", "prod", "dev"]);
});

test("what a preview has not come to is no zero, and what is folded does not hide why it failed", () => {
  const { text } = renderComment([failed], RUN);
  expect(text).toContain("| `staging` **failed** | ? | ? | ? | ? |");
  const shown = text.replace(/<details>[^]*?<\/details>/g, "");
  expect(shown).toContain("TypeError: Cannot read properties of undefined (reading 'port')");
  expect(shown).toContain("at Object.<anonymous> (/checkout/index.ts:40:31)");
  // Of Node's and Pulumi's own frames there is none.
  expect(text).not.toContain("node:internal");
});

test("a policy is told by its rule, with what it refuses and the fix, before anything is unfolded", () => {
  const shown = renderComment([refused], RUN).text.replace(/<details>[^]*?<\/details>/g, "");
  expect(shown).toMatch(
    /^> - `test` \*\*random-password-require-length\*\* refuses `postgres-password`. \*\*Fix:\*\* Make it 12/m,
  );
});

test("what keeps its data when it is deleted is no risk, and what loses them is, in every version of its API", () => {
  expect(lossOf("kubernetes:core/v1:PersistentVolumeClaim")?.holds).toBe("data");
  expect(lossOf("azure-native:storage/v20240101:StorageAccount")).toBeDefined();
  expect(lossOf("digitalocean:index/databaseCluster:DatabaseCluster")?.outcome).toContain("may");
  expect(lossOf("kubernetes:apps/v1:Deployment")).toBeUndefined();
  expect(lossOf("docker:index/container:Container")).toBeUndefined();
  const kept = { ...replaced, changes: replaced.changes.map((change) => ({ ...change, retained: true as const })) };
  expect(renderComment([kept], RUN).text).not.toContain("CAUTION");
});

describe("the gallery", () => {
  /** Lines that a reader of GitHub sees without unfolding, of 120 characters each. */
  const screenLines = (text: string): number => {
    const folded = text.replace(/<details>(<summary>[^\n]*<\/summary>)[^]*?<\/details>/g, "$1");
    return folded
      .split("\n")
      .map((line) =>
        line.startsWith("|")
          ? Math.max(1, line.split("<br>").length)
          : Math.ceil(line.replace(/<[^>]*>/g, "").length / 120),
      )
      .reduce((sum, lines) => sum + lines, 0);
  };

  test.each(GALLERY.map((entry) => [entry.name, entry] as const))(
    "shows headline, table and risks of %s on one screen",
    (_, entry) => {
      const text = galleryComment(entry);
      const lines = screenLines(text);
      expect(lines).toBeLessThanOrEqual(40);
      expect(shownHtml(text)).toMatch(/<h3>[^]*<\/h3>/);
    },
  );

  test("has no value but image digests and counts", () => {
    for (const entry of GALLERY)
      expect(galleryComment(entry)).not.toMatch(/standard|"fast"|STORAGE|before \d|after \d/);
  });
});

/** Text in the worst shape: what is escaped takes five characters. */
const worst = fc.oneof(
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constantFrom("|".repeat(900), "`".repeat(900), "<b>@x</b>\n".repeat(80)),
);
const property = fc.record({
  path: worst,
  kind: fc.constantFrom("add" as const, "update" as const, "delete" as const),
  before: worst,
  after: worst,
});
const change = fc.record({
  operation: fc.constantFrom(
    "create" as const,
    "update" as const,
    "replace" as const,
    "delete" as const,
    "import" as const,
  ),
  urn: worst,
  type: fc.oneof(worst, fc.constantFrom("docker:index/volume:Volume", "random:index/randomPassword:RandomPassword")),
  name: worst,
  properties: fc.array(property, { maxLength: 5 }),
  reasons: fc.array(worst, { maxLength: 4 }),
});
const finding = fc.record({ pack: worst, rule: worst, refuses: fc.boolean(), urn: worst, message: worst });
const message = fc.record({ urn: worst, text: worst });
const times = fc.constantFrom(1, 1, 40, 400);
const repeated = <T>(of: fc.Arbitrary<T>) =>
  fc
    .tuple(fc.array(of, { maxLength: 4 }), times)
    .map(([items, number]) => Array.from({ length: number }, () => items).flat());
const anyResult = fc
  .record({
    stack: worst,
    outcome: fc.constantFrom(...OUTCOMES),
    changes: repeated(change),
    findings: repeated(finding),
    errors: repeated(message),
    warnings: repeated(message),
  })
  .map((parts) =>
    bounded({
      ...replaced,
      ...parts,
      changes: parts.changes.map((one, index) => ({ ...one, urn: `${one.urn} ${index}` })),
    } as PreviewResult),
  );

describe("a comment of whatever is in it", () => {
  test("has 60,000 characters at most, is found again, and is one comment of balanced parts", () => {
    fc.assert(
      fc.property(fc.array(anyResult, { minLength: 1, maxLength: 6 }), fc.nat({ max: 1e9 }), (results, run) => {
        const { text } = renderComment(results, { ...RUN, run });
        expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
        expect([isPreviewComment(text), runOf(text)]).toEqual([true, run]);
        const html = shownHtml(text).replace(/<(pre|code)[^>]*>[^]*?<\/\1>/g, "");
        expect(html.match(/<details>/g)?.length).toBe(html.match(/<\/details>/g)?.length);
        expect(html.match(/<h3>/g)).toHaveLength(1);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  test("of 60 stacks with 2,000 characters of name each still has room", () => {
    const results = Array.from({ length: 60 }, (_, index) => ({ ...refused, stack: `${"<".repeat(900)}${index}` }));
    expect(renderComment(results, RUN).text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
  });

  test("fits a smaller limit too, down to 6,000 characters", () => {
    for (const most of [6_000, 10_000, 30_000]) {
      expect(renderComment([large, failed], RUN, most).text.length).toBeLessThanOrEqual(most);
    }
  });
});

test("where there is no room whole diffs go, the largest first, and are counted", () => {
  const small = {
    ...large,
    changes: large.changes.map((change, index) =>
      index === 3 ? { ...change, properties: change.properties.slice(0, 1) } : change,
    ),
  };
  const { text, diffsLeftOut } = renderComment([small], RUN);
  expect(diffsLeftOut).toBeGreaterThan(100);
  expect(text).toContain(`Left out for want of room: ${diffsLeftOut} diffs, the largest first`);
  expect(text.match(/^ +40 properties left out$/gm)).toHaveLength(diffsLeftOut);
  expect(text).toContain(small.changes[3]?.properties[0]?.path);
  // Every resource is there by name, and no diff by half.
  expect(text.match(/^! replace tenant-/gm)).toHaveLength(170);
  expect(text.length).toBeGreaterThan(MOST_CHARACTERS * 0.9);
});

test("500 changed resources over three stacks are rendered within a second", () => {
  const results = ["dev", "staging", "prod"].map((stack) => ({ ...large, stack }));
  expect(results.reduce((sum, { changes }) => sum + changes.length, 0)).toBeGreaterThanOrEqual(500);
  const begin = performance.now();
  const { text } = renderComment(results, RUN);
  expect(performance.now() - begin).toBeLessThan(1_000);
  expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
});

test("two comments that differ in the run alone say the same, and of two commits they do not", () => {
  const of = (run: number, head = RUN.head) =>
    renderComment([replaced], { run, head, link: `https://ci.example/${run}` }).text;
  expect(substance(of(1))).toBe(substance(of(2)));
  expect(substance(of(1).replaceAll("\n", "\r\n"))).toBe(substance(of(2)));
  expect(substance(of(1))).not.toBe(substance(of(2, "0".repeat(40))));
});
