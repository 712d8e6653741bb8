import fc from "fast-check";
import { stateDifferences, stateFingerprint, type FingerprintedResource } from "../../../../cli/plan/state";

const urn = (name: string, type = "random:index/randomId:RandomId") => `urn:pulumi:prod::ralex::${type}::${name}`;
const secret = (ciphertext: string) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext,
});
const A = { urn: urn("a"), id: "1", inputs: { byteLength: 4, keepers: { image: "x", stack: "prod" } } };
const B = { urn: urn("b"), id: "2", inputs: { length: 8 } };

describe("the fingerprint of a state", () => {
  test("is the same in whatever order resources and keys are written, and whatever else is recorded of them", () => {
    const other = { inputs: { keepers: { stack: "prod", image: "x" }, byteLength: 4 }, id: "1", urn: urn("a") };
    expect(stateFingerprint([B, { ...other, modified: "2026-01-01" } as FingerprintedResource])).toEqual(
      stateFingerprint([A, B]),
    );
  });

  test.each([
    ["an id", { ...A, id: "3" }, "a (random:index/randomId:RandomId) was changed"],
    ["an input", { ...A, inputs: { ...A.inputs, byteLength: 5 } }, "a (random:index/randomId:RandomId) was changed"],
    ["a further input", { ...A, inputs: { ...A.inputs, b: null } }, "a (random:index/randomId:RandomId) was changed"],
    ["a secret that was clear", { ...A, inputs: { ...A.inputs, byteLength: secret("v1:x") } }, "a (random:index/"],
  ])("is another one for %s", (_, changed, said) => {
    const [before, now] = [stateFingerprint([A, B]), stateFingerprint([changed, B])];
    expect(stateDifferences(before, now)).toEqual([expect.stringContaining(said)]);
  });

  test("tells what was added and removed, and that a replaced resource waits to go", () => {
    const C = { ...A, urn: urn("c", "ralex:docker:Stack$docker:index/container:Container") };
    expect(stateDifferences(stateFingerprint([A, B]), stateFingerprint([B, C]))).toEqual([
      "a (random:index/randomId:RandomId) was removed",
      "c (docker:index/container:Container) was added",
    ]);
    const pending = stateFingerprint([A, { ...A, id: "old" }]);
    expect(stateDifferences(stateFingerprint([A]), pending)).toHaveLength(1);
    expect(stateFingerprint([{ ...A, id: "old" }, A])).toEqual(pending);
  });

  test("does not change when secrets are encrypted anew, however deep they lie", () => {
    const holding = (text: string) => ({ ...A, inputs: { list: [{ key: secret(text) }], key: secret(text) } });
    expect(stateFingerprint([holding("v1:one")])).toEqual(stateFingerprint([holding("v1:other")]));
  });

  const value = fc.jsonValue({ maxDepth: 3 });
  const resource = fc.record({
    urn: fc.string().map((name) => urn(name)),
    id: fc.option(fc.string(), { nil: undefined }),
    inputs: fc.dictionary(fc.string(), value),
  });
  const reordered = (given: unknown): unknown =>
    Array.isArray(given)
      ? given.map(reordered)
      : typeof given === "object" && given !== null
        ? Object.fromEntries(
            Object.entries(given)
              .reverse()
              .map(([key, one]) => [key, reordered(one)]),
          )
        : given;

  test("depends on no order, for any state", () => {
    fc.assert(
      fc.property(fc.array(resource), (resources) => {
        const other = [...resources].reverse().map((one) => reordered(one) as FingerprintedResource);
        expect(stateFingerprint(other)).toEqual(stateFingerprint(resources));
      }),
    );
  });

  test("depends on every id and every input, for any state", () => {
    fc.assert(
      fc.property(fc.array(resource, { minLength: 1 }), fc.nat(), fc.string({ minLength: 1 }), (all, at, more) => {
        const index = at % all.length;
        const before = stateFingerprint(all);
        const changed = (change: (one: FingerprintedResource) => FingerprintedResource) =>
          stateFingerprint(all.map((one, place) => (place === index ? change(one) : one)));
        expect(changed((one) => ({ ...one, id: `${one.id ?? ""}${more}` }))).not.toEqual(before);
        expect(changed((one) => ({ ...one, inputs: { of: one.inputs, more } }))).not.toEqual(before);
        expect(changed((one) => ({ ...one, urn: `${one.urn}${more}` }))).not.toEqual(before);
        expect(stateFingerprint(all.filter((_, place) => place !== index))).not.toEqual(before);
      }),
    );
  });
});
