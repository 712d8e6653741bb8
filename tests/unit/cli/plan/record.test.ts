import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { Failure } from "../../../../cli/failure";
import {
  basisDifferences,
  configurationOf,
  keepPlan,
  parsePlan,
  planAgain,
  planDifferences,
  readPlan,
  refused,
  writtenPlan,
  type Basis,
} from "../../../../cli/plan/record";
import { stateFingerprint } from "../../../../cli/plan/state";
import { loadSettings } from "../../../../components/settings/load";

const digest = (letter: string) => `registry.example/ralex-api@sha256:${letter.repeat(64)}`;
const FILE = { config: { "ralex:target": "docker", "ralex:apiReplicas": 2 } };
const settings = (stack: Readonly<Record<string, unknown>>) =>
  loadSettings({ environment: {}, dotenv: {}, stack: { apiReplicas: 2, ...stack } });
const resource = (name: string, id: string) => ({ urn: `urn:pulumi:prod::ralex::a:b:C::${name}`, id });
const COMMIT = "a".repeat(40);
const NOW = new Date("2026-11-27T10:00:00.000Z");

const BASIS: Basis = {
  stack: "prod",
  release: { id: "r-000000000001", images: { "ralex-api": digest("1") } },
  ...configurationOf(FILE, settings({})),
  state: stateFingerprint([resource("x", "1"), resource("y", "2")]),
  refresh: false,
  policyPacks: ["policy"],
};
/** Numbers that a reader of JSON rounds, and text that has to be escaped. */
const PULUMI = '{"n": 12345678901234567890, "s": "\\u0000 \\"é\\""}\n';
const RECORD = { ...BASIS, commit: COMMIT, madeAt: "2026-11-27T09:00:00.000Z", plan: PULUMI };
const PLAN = parsePlan(writtenPlan(RECORD));
if (typeof PLAN === "string") throw new Error(PLAN);

describe("the record of a plan", () => {
  test("is read as it was written, with Pulumi's own text to the byte", () => {
    expect(PLAN).toEqual({ format: "ralex-plan/1", ...RECORD });
  });

  test("is refused where it was cut off anywhere", () => {
    const text = writtenPlan(RECORD).trimEnd();
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), (length) => {
        expect(parsePlan(text.slice(0, length))).toEqual(expect.stringContaining("it is not whole"));
      }),
    );
  });

  test("is refused where anything of it was changed", () => {
    const text = writtenPlan(RECORD);
    for (const [from, to] of [
      ["12345678901234567890", "12345678901234567891"],
      ['"refresh": false', '"refresh": true'],
      [COMMIT, "b".repeat(40)],
      ["r-000000000001", "r-000000000002"],
    ] as const) {
      expect(text).toContain(from);
      expect(parsePlan(text.replace(from, to))).toContain("it was altered or damaged");
    }
  });

  test("is told from what Pulumi writes, from other files, and from another version's", () => {
    for (const text of ['{"resourcePlans": {}}', "[]", "null", '"text"']) {
      expect(parsePlan(text)).toContain("it is no plan of ./ralex");
    }
    const { policyPacks, ...less } = RECORD;
    expect(policyPacks).toHaveLength(1);
    expect(parsePlan(writtenPlan(less as unknown as typeof RECORD))).toMatch(/of another version of .*policyPacks/);
  });

  test("is a file for its user alone; one that is not there, or is no plan, is refused with what to do", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-plan-"));
    const file = path.join(folder, "plan");
    try {
      keepPlan(file, RECORD);
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
      expect(readPlan(file, "prod")).toEqual(PLAN);
      fs.writeFileSync(file, "{");
      for (const [wrong, reason] of [
        [file, /it is not whole/],
        [`${file}-2`, /it cannot be read \(ENOENT\)/],
      ] as const) {
        expect(() => readPlan(wrong, "prod")).toThrow(reason);
        expect(() => readPlan(wrong, "prod")).toThrow(`Plan again: ./ralex preview -s prod --save-plan ${wrong}`);
      }
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe("a plan", () => {
  test("fits where nothing has changed", () => {
    expect(planDifferences(PLAN, BASIS, COMMIT, NOW)).toEqual([]);
  });

  test("of another stack is refused for that alone", () => {
    expect(planDifferences(PLAN, { ...BASIS, stack: "staging", refresh: true }, COMMIT, NOW)).toEqual([
      "it is a plan of prod",
    ]);
  });

  const OTHER = "b".repeat(40);
  const changed = configurationOf({ config: { ...FILE.config, "ralex:x": { secure: "v1:y" } } }, settings({}));
  const cases: readonly (readonly [string, Partial<Basis>, readonly string[]])[] = [
    [
      "another pin",
      { release: { ...BASIS.release, id: "r-2" } },
      ["it brings release r-000000000001, and Pulumi.prod.yaml pins r-2"],
    ],
    [
      "another digest of the same release",
      { release: { ...BASIS.release, images: { "ralex-api": digest("2"), probe: digest("3") } } },
      [
        `it brings no image as probe, and Pulumi.prod.yaml pins ${digest("3")}`,
        `it brings ${digest("1")} as ralex-api, and Pulumi.prod.yaml pins ${digest("2")}`,
      ],
    ],
    [
      "other settings, by their keys",
      configurationOf(FILE, settings({ apiReplicas: 3, upstreamUrl: "https://models.example/v1" })),
      ["ralex:apiReplicas was 2 and is 3", 'ralex:upstreamUrl was not set and is "https://models.example/v1"'],
    ],
    [
      "a configuration that differs elsewhere",
      changed,
      ["the configuration has changed: an encrypted value, or a key that is no setting of Ralex's"],
    ],
    [
      "a state that has moved",
      { state: stateFingerprint([resource("x", "new"), resource("z", "3")]) },
      ["the state of prod has moved since: x (a:b:C) was changed, y (a:b:C) was removed, z (a:b:C) was added"],
    ],
    ["something that is gone", { refresh: true }, ["something of the stack has gone or stopped since"]],
    [
      "other policies",
      { policyPacks: [] },
      ["it was made with the policy pack policy, and now no policy pack would judge it"],
    ],
  ];
  test.each(cases)("is refused for %s", (_, now, reasons) => {
    expect(planDifferences(PLAN, { ...BASIS, ...now }, COMMIT, NOW)).toEqual(reasons);
    expect(basisDifferences(PLAN, { ...BASIS, ...now })).toEqual(reasons);
  });

  test("is refused for another commit and for its age, beside everything else", () => {
    const late = new Date("2026-11-28T09:00:00.001Z");
    expect(planDifferences(PLAN, { ...BASIS, refresh: true }, OTHER, late)).toEqual([
      `it was made of commit ${COMMIT}, and ${OTHER} is checked out`,
      "it was made at 2026-11-27T09:00:00.000Z, and a plan is valid for 24 hours",
      "something of the stack has gone or stopped since",
    ]);
  });

  test("names eight of many resources that have moved, and counts the others", () => {
    const many = Array.from({ length: 11 }, (_, index) => resource(`r${index}`, "1"));
    const [reason] = basisDifferences({ ...BASIS, state: {} }, { ...BASIS, state: stateFingerprint(many) });
    expect(reason).toMatch(/r0 \(a:b:C\) was added, .* and 3 more$/);
  });

  test("that was never kept is made again by the same command", () => {
    expect([planAgain(undefined, "prod"), planAgain("a b", "prod")]).toEqual([
      "./ralex deploy -s prod",
      "./ralex preview -s prod --save-plan 'a b'",
    ]);
    const failure = refused(undefined, "prod", ["one", "two"]);
    expect(failure).toBeInstanceOf(Failure);
    expect([failure.exitCode, failure.message]).toEqual([
      2,
      "what was shown cannot be applied any more, and nothing was changed:\n  one\n  two\nPlan again: ./ralex deploy -s prod",
    ]);
  });
});
