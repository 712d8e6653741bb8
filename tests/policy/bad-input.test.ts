/** What no program should declare: no rule ends with an exception, and what matters is not passed in silence. */
import { judge, type Context, type Resource } from "../../policy/rule";
import { isObject } from "../../policy/value";
import { containersOf, CONTAINER_TYPES } from "../../policy/readers";
import { containerImageRequireDigest } from "../../policy/rules/container-image-require-digest";
import { CASES } from "./cases";
import { contextWith, resource } from "./support/rule-cases";
import { CLOUD_RUN, CONTAINER_GROUP, TASK } from "./support/cloud-samples";
import { DEPLOYMENT } from "./support/kubernetes-samples";

const snakeCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Names as another language's SDK has them, at every depth. */
function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [snakeCase(key), renamed(one)]));
}

const LEVELS = 20_000;

/** A list in a list in a list; deeper than a call stack goes. */
function nested(wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < LEVELS; level++) value = wrap(value);
  return value;
}

const DEEP: readonly unknown[] = [nested((inner) => [inner]), nested((inner) => ({ inner }))];

describe.each(CASES.map((cases) => [cases.rule.id, cases] as const))("%s", (_, { rule, baseline, context }) => {
  const judged = (resources: readonly Resource[]) => judge(rule, resources, contextWith(context as Partial<Context>));
  const each = (change: (properties: Resource["properties"]) => Resource["properties"]): readonly Resource[] =>
    baseline.map((one) => ({ ...one, properties: change(one.properties) }));

  test("takes names of another language's SDK", () => {
    expect(() => judged(each((properties) => renamed(properties) as Resource["properties"]))).not.toThrow();
  });

  test.each(["lists", "objects"])("takes a property that is nested deeper than a call stack, of %s", (kind) => {
    const deep = DEEP[kind === "lists" ? 0 : 1];
    for (const { properties } of baseline) {
      for (const name of Object.keys(properties)) {
        expect(() => judged(each((own) => ({ ...own, [name]: deep })))).not.toThrow();
      }
    }
  });

  test("takes text where a list, a number or an object is wanted", () => {
    for (const odd of ["", "text", 7, true, [], [[]], {}, [null], Number.NaN]) {
      expect(() => judged(each((own) => Object.fromEntries(Object.keys(own).map((key) => [key, odd]))))).not.toThrow();
    }
  });
});

test.each([DEPLOYMENT, TASK, CLOUD_RUN, CONTAINER_GROUP].map((one) => [one.type, one] as const))(
  "a %s whose properties another language's SDK names is never taken for one without containers",
  (type, sample) => {
    const other = { ...sample, properties: renamed(sample.properties) as Resource["properties"] };
    const found = judge(containerImageRequireDigest, [other], contextWith());
    // Kubernetes' own names of what leads to a container have one word each, but for a task of JSON and init containers.
    const isRead = containersOf(other).length > 0;
    expect([type, isRead || found.length > 0]).toEqual([type, true]);
  },
);

test("ten thousand containers are judged within two seconds", () => {
  const containers = Array.from({ length: 10_000 }, (_, index) => ({ name: `c${index}`, image: "nginx" }));
  const many = resource("kubernetes:core/v1:Pod", { spec: { containers } });
  const started = Date.now();
  expect(judge(containerImageRequireDigest, [many], contextWith())).toHaveLength(10_000);
  expect(Date.now() - started).toBeLessThan(2000);
});

test("every type that runs containers has a reader that gives what cannot be read as something", () => {
  const silent = CONTAINER_TYPES.filter((type) => /^(aws|gcp|azure-native):/.test(type)).filter(
    (type) => containersOf(resource(type, {})).length === 0,
  );
  expect(silent).toEqual([]);
});
