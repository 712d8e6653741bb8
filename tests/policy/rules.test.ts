import * as fs from "node:fs";
import * as path from "node:path";
import { judge, type Resource, type Rule } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { CASES } from "./cases";
import { contextWith, resource, type Change, type RuleCases } from "./support/rule-cases";

const FOLDER = path.resolve(__dirname, "../../policy/rules");

const of = ({ baseline, rule, context }: RuleCases, { change, context: own }: Partial<Change> = {}) =>
  judge(rule, change === undefined ? baseline : change(baseline), contextWith({ ...context, ...own }));

const places = (findings: ReturnType<typeof judge>) =>
  findings.map(({ path: at, message, isUndecided }) => ({ path: at, message, isUndecided: isUndecided ?? false }));

describe.each(CASES.map((cases) => [`${cases.rule.id} ${cases.rule.name}`, cases] as const))("%s", (_, cases) => {
  test("is kept by a compliant resource", () => {
    expect(of(cases)).toEqual([]);
  });

  const embedded = "none" in cases.embedded ? [] : cases.embedded;
  test.each([...cases.violations, ...embedded].map((one) => [one.when, one] as const))(
    "is violated once when %s",
    (_, one) => {
      expect(places(of(cases, one))).toEqual([{ path: one.path, message: one.message, isUndecided: false }]);
    },
  );

  if (cases.allowed !== undefined) {
    test.each(cases.allowed.map((one) => [one.when, one] as const))("is kept when %s", (_, one) => {
      expect(of(cases, one)).toEqual([]);
    });
  }

  test("is none of the business of a resource of another type", () => {
    const broken = (cases.violations[0]?.change(cases.baseline) ?? []).map((one): Resource => ({
      ...one,
      type: "random:index/randomPet:RandomPet",
    }));
    expect(judge(cases.rule, broken, contextWith(cases.context))).toEqual([]);
  });

  test(`is ${cases.unknown.path === undefined ? "silent" : "undecided"} when ${cases.unknown.when}`, () => {
    const found = places(of(cases, cases.unknown)).map(({ path: at, isUndecided }) => ({ path: at, isUndecided }));
    const { path: at } = cases.unknown;
    expect(found).toEqual(at === undefined ? [] : [{ path: at, isUndecided: true }]);
  });

  test("does not end with an exception for properties that are no such thing", () => {
    for (const odd of [{}, { spec: null }, { spec: "text" }, { spec: [] }, { spec: { template: 7 } }, { image: {} }]) {
      const resources = cases.rule.types.map((type) => resource(type, odd));
      expect(() => judge(cases.rule, resources, contextWith(cases.context))).not.toThrow();
    }
  });
});

describe("every rule", () => {
  const files = fs.readdirSync(FOLDER).filter((file) => file !== "index.ts");

  test("is in the list, once, by an id and a name of its own", () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
    expect(RULES.map(({ name }) => `${name}.ts`).sort()).toEqual(files.sort());
  });

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    "%s has a name, a title, a reason and a remedy",
    (_, rule: Rule) => {
      expect(rule.id).toMatch(/^[A-Z0-9]+-\d{2}$/);
      expect(rule.name).toMatch(
        /^[a-z0-9]+(-[a-z0-9]+)*-(require|disallow|configure|enable|disable|limit|match|verify|protect)(-[a-z0-9]+)+$/,
      );
      expect(rule.title).toMatch(/^[A-Z].*[^.]$/);
      expect(rule.reason.source.length).toBeGreaterThan(3);
      expect(rule.reason.link).toMatch(/^https:\/\//);
      expect(rule.fix).toMatch(/^[A-Z].{15,}\.$/s);
      expect(rule.types.length).toBeGreaterThan(0);
    },
  );

  test.each(RULES.map((rule) => [rule.id, rule] as const))("%s has all its cases", (_, rule) => {
    const own = CASES.filter((cases) => cases.rule === rule);
    expect(own).toHaveLength(1);
    const [{ violations, allowed = [], embedded, baseline }] = own as [RuleCases];
    expect(baseline.length).toBeGreaterThan(0);
    expect(violations.length).toBeGreaterThanOrEqual(2);
    // A rule that does not say why it knows no containers has to show that it finds the hidden ones.
    expect("none" in embedded ? embedded.none.length : embedded.length).toBeGreaterThan(0);
    const always = 3; // the baseline, another type, an unknown value
    expect(
      always + violations.length + allowed.length + ("none" in embedded ? 0 : embedded.length),
    ).toBeGreaterThanOrEqual(5);
  });
});
