/** What findings mean: levels, exceptions, what is not known, and what was there before. */
import { DEFAULTS, parseConfiguration, type Exception } from "../../policy/configuration";
import { evaluate, exceptionProblems, keyOf, shownLines, type Circumstances } from "../../policy/evaluation";
import type { StackKnowledge } from "../../policy/knowledge/stack";
import { plainProperties } from "../../policy/plain-values";
import { RULES } from "../../policy/rules";
import type { Resource, Rule } from "../../policy/rule";
import { Session } from "../../policy/session";
import { UNKNOWN } from "../../policy/value";
import { CONTAINER } from "./support/local-samples";
import { contextWith, remove, set, type ContextChanges } from "./support/rule-cases";

const OPEN: Circumstances = { failOnUndecided: false, known: new Set() };
const rule = (id: string): Rule => {
  const found = RULES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no rule ${id}`);
  return found;
};
const unsafe = remove("securityOpts")([CONTAINER]);
const undecided = set("image", UNKNOWN)([CONTAINER]);
const levels = (
  id: string,
  resources: readonly Resource[],
  context: ContextChanges = {},
  circumstances: Partial<Circumstances> = {},
) => evaluate([rule(id)], resources, contextWith(context), { ...OPEN, ...circumstances }).map(({ level }) => level);

const EXCEPTION: Exception = { rule: "LOC-06", urn: "*::sample", reason: "a test", owner: "me", expires: "2026-12-01" };
const excepting = (...exceptions: readonly Partial<Exception>[]): ContextChanges => ({
  configuration: { exceptions: exceptions.map((one) => ({ ...EXCEPTION, ...one })) },
});

describe("a finding", () => {
  test("is advisory in development where its rule says so, and mandatory where others promote to", () => {
    expect(levels("LOC-06", unsafe, { isPromoted: false })).toEqual(["advisory"]);
    expect(levels("LOC-06", unsafe)).toEqual(["mandatory"]);
    expect(levels("PRO-01", unsafe, { isPromoted: false })).toEqual([]);
    expect(levels("PRO-01", unsafe)).toEqual(["mandatory"]);
  });

  test("that is not decided closes the gate where that is asked for, by a rule that says so", () => {
    expect(levels("IMG-01", undecided)).toEqual(["advisory"]);
    expect(levels("IMG-01", undecided, {}, { failOnUndecided: true })).toEqual(["mandatory"]);
    const unknown = set("securityOpts", UNKNOWN)([CONTAINER]);
    expect(levels("LOC-06", unknown, {}, { failOnUndecided: true })).toEqual(["advisory"]);
  });

  test("that the running release has too is shown, and stops nothing", () => {
    const [found] = evaluate([rule("LOC-06")], unsafe, contextWith(), OPEN);
    const known = new Set(found === undefined ? [] : [keyOf(found.rule, found.finding)]);
    expect(levels("LOC-06", unsafe, {}, { known })).toEqual(["advisory"]);
    expect(
      levels(
        "LOC-06",
        unsafe.map((one) => ({ ...one, urn: "another" })),
        {},
        { known },
      ),
    ).toEqual(["mandatory"]);
    expect(levels("LOC-02", remove("memory")(unsafe), {}, { known })).toEqual(["mandatory"]);
  });

  test("is told with its place, its remedy and its reason", () => {
    const [found] = evaluate([rule("LOC-06")], unsafe, contextWith(), OPEN);
    expect(found && shownLines(found)).toEqual([
      "LOC-06: securityOpts: container api may gain privileges: no-new-privileges is not set",
      expect.stringMatching(/^fix: Set/),
      expect.stringMatching(/^why: CIS Docker Benchmark 5\.26 \(https:/),
    ]);
  });
});

describe("an exception", () => {
  test.each<[string, Partial<Exception>, string[]]>([
    ["lets its rule's finding through", {}, ["advisory"]],
    ["is for its rule alone", { rule: "LOC-02" }, ["mandatory"]],
    ["is for its resources alone", { urn: "*::other" }, ["mandatory"]],
    ["takes dots and brackets as they are", { urn: "urn:pulumi:prod::ralex::docker.index*" }, ["mandatory"]],
    ["is for a whole URN, and no part of one", { urn: "sample" }, ["mandatory"]],
    ["ends on its day", { expires: "2026-11-27" }, ["mandatory"]],
  ])("%s", (_, change, expected) => {
    expect(levels("LOC-06", unsafe, excepting(change))).toEqual(expected);
  });

  test("is a violation itself where it has expired, excepts nothing, or is of no rule", () => {
    const ids = new Set(RULES.map(({ id }) => id));
    const of = (change: Partial<Exception>, used = false) => {
      const context = contextWith(excepting(change));
      return exceptionProblems(context, ids, new Set(used ? context.configuration.exceptions : []));
    };
    expect(of({}, true)).toEqual([]);
    expect(of({})).toEqual(["the exception of LOC-06 for *::sample (me) excepts nothing: remove it"]);
    expect(of({ expires: "2026-11-01" }, true)).toEqual([
      "the exception of LOC-06 for *::sample (me) expired on 2026-11-01: mend what it excepts, or renew it",
    ]);
    expect(of({ rule: "ABC-01" }, true)).toEqual([
      "the exception of ABC-01 for *::sample (me) is of no rule: ./ralex policy list has them",
    ]);
  });
});

describe("a configuration", () => {
  test("has a default for everything", () => {
    expect(parseConfiguration("{}", "x.json")).toEqual(DEFAULTS);
    expect(DEFAULTS).toMatchObject({
      budgets: { productionMB: 500, developmentMB: 800 },
      vulnerabilityEvidence: "required",
    });
  });

  test.each([
    ["is no JSON", "{", /^x\.json is no JSON: /],
    ["is no object", "[]", /the document: /],
    ["has a key that is none", '{"budget": {}}', /budget/],
    [
      "has an exception without an owner",
      '{"exceptions": [{"rule": "IMG-01", "urn": "*", "reason": "x", "expires": "2026-12-01"}]}',
      /exceptions\.0\.owner/,
    ],
    [
      "has an exception without a day",
      '{"exceptions": [{"rule": "IMG-01", "urn": "*", "reason": "x", "owner": "me", "expires": "soon"}]}',
      /exceptions\.0\.expires/,
    ],
    ["has a budget of nothing", '{"budgets": {"productionMB": 0}}', /budgets\.productionMB/],
  ])("is refused where it %s", (_, text, message) => {
    expect(() => parseConfiguration(text, "x.json")).toThrow(message);
  });

  test("is refused with all that is wrong at once", () => {
    expect(() => parseConfiguration('{"mostEvidenceDays": -1, "registries": [""], "x": 1}', "x.json")).toThrow(
      /registries\.0.*\n.*mostEvidenceDays.*\n.*x/,
    );
  });
});

describe("a value of the policy SDK", () => {
  const SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  /** As the SDK does it: whoever reads an unknown value is thrown out. */
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, key) => {
        const value: unknown = Reflect.get(of, key);
        if (value === SENTINEL) throw new Error("unknown");
        return typeof value === "object" && value !== null ? guarded(value) : value;
      },
    });

  test("is read without touching what is unknown", () => {
    const props = guarded({ a: SENTINEL, list: ["x", SENTINEL, { deep: SENTINEL }], plain: { n: 1, none: null } });
    expect(plainProperties(props)).toEqual({
      a: UNKNOWN,
      list: ["x", UNKNOWN, { deep: UNKNOWN }],
      plain: { n: 1, none: null },
    });
  });

  test("is unknown below a depth that nothing has", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(10_00)}1${"}".repeat(10_00)}`) as object;
    expect(
      JSON.stringify(plainProperties(deep), (_, value: unknown) => (value === UNKNOWN ? "unknown" : value)),
    ).toContain('"unknown"');
  });
});

describe("a run", () => {
  const session = (context: ContextChanges = {}, circumstances: Partial<Circumstances> = {}) => {
    const knowledge: StackKnowledge = {
      context: contextWith({ isPromoted: false, ...context }),
      circumstances: { ...OPEN, ...circumstances },
      gather: () => Promise.resolve(),
    };
    return new Session(RULES, knowledge);
  };
  const ids = (outcomes: Awaited<ReturnType<Session["ofResource"]>>) => outcomes.map(({ rule: { id } }) => id);
  const pulled = {
    ...CONTAINER,
    type: "docker:index/remoteImage:RemoteImage",
    urn: "urn:image",
    properties: { name: CONTAINER.properties.image },
  };

  test("says of a resource what is decided, and the rest when the whole stack is known", async () => {
    const run = session();
    const [resource] = undecided as readonly [Resource];
    expect(ids(await run.ofResource(resource))).toEqual([]);
    expect(ids(await run.ofStack([{ urn: resource.urn, read: () => resource }]))).toEqual(["IMG-01", "PRO-02"]);
  });

  test("takes an image for decided that another resource pulls by its digest", async () => {
    const run = session({}, { failOnUndecided: true });
    const [resource] = undecided as readonly [Resource];
    await run.ofResource(resource);
    await run.ofResource(pulled);
    const read = () => ({ ...resource, dependencies: { image: [pulled] } });
    expect(
      ids(
        await run.ofStack([
          { urn: resource.urn, read },
          { urn: pulled.urn, read: () => pulled },
        ]),
      ),
    ).toEqual([]);
  });

  test("judges what was declared, and not what a provider made of it", async () => {
    const run = session({ isPromoted: true });
    const [resource] = unsafe as readonly [Resource];
    await run.ofResource(resource);
    const made = () => ({ ...CONTAINER, properties: {} });
    const outcomes = await run.ofStack([{ urn: resource.urn, read: made }]);
    expect(ids(outcomes)).toEqual(["PRO-01"]);
  });

  test("repeats that nobody looks for vulnerabilities, where the configuration says so", async () => {
    expect(session().remarks()).toEqual([]);
    expect(session({ configuration: { vulnerabilityEvidence: "unavailable" } }).remarks()).toEqual([
      { level: "advisory", text: expect.stringContaining("vulnerabilities of images are not checked") as string },
    ]);
  });

  test("counts an exception as used once it has let something through", async () => {
    const run = session(excepting({ rule: "LOC-06" }));
    expect(run.remarks()).toHaveLength(1);
    for (const resource of unsafe) await run.ofResource(resource);
    expect(run.remarks()).toEqual([]);
  });
});
