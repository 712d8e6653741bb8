/** YAML from data, read back by a reader of YAML once a target has filled the references in. */
import fc from "fast-check";
import { parse } from "yaml";
import type { Text } from "../../../components/app/model";
import { address, join, refsOf, text } from "../../../components/app/text";
import { addresses, yamlText, type Yaml } from "../../../components/app/yaml-text";

/** As a target does it, with these addresses for whatever is asked. */
function filled(value: Text, found: readonly string[]): string {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map((part) => filled(part, found)).join("");
  if (value.ref === "eachAddress") return found.map((one) => `${value.before}${one}${value.after}`).join("");
  return found[0] ?? "";
}

const read = (data: Yaml, found: readonly string[] = ["api-0:8000"]): unknown => parse(filled(yamlText(data), found));

test("data without references are read back as they were", () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const key = fc.stringMatching(/^[a-z_]{1,12}$/).filter((name) => name !== "ref" && name !== "join");
  const data = fc.letrec<{ value: Yaml }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("value")),
      fc.dictionary(key, tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(key, data), (value) => {
      expect(read(value)).toEqual({ ...value });
    }),
  );
});

test("a reference is the text of its address, alone and inside of another text", () => {
  const data = {
    alone: address("api", "http"),
    inside: text`http://${address("api", "http")}/v1`,
    list: [address("a", "b")],
  };
  expect(read(data)).toEqual({
    ...{ alone: "api-0:8000", inside: "http://api-0:8000/v1" },
    list: ["api-0:8000"],
  });
  expect(refsOf(yamlText(data))).toHaveLength(3);
});

test("whatever an address reads like, it is a text", () => {
  for (const one of ["1.5", "true", "10:30", "null", "0x10"]) {
    expect(read({ alone: address("a", "b"), all: [addresses("a", "b")] }, [one])).toEqual({ alone: one, all: [one] });
  }
});

test("all addresses of a service are items of the list that they stand in, among others or none at all", () => {
  const data = { targets: ["first", addresses("api", "http"), "last"] };
  expect(read(data, ["api-0:8000", "api-1:8000"])).toEqual({ targets: ["first", "api-0:8000", "api-1:8000", "last"] });
  expect(read(data, [])).toEqual({ targets: ["first", "last"] });
});

test("addresses that are no item of a list are a fault of the program", () => {
  for (const data of [{ a: addresses("api", "http") }, { a: [join("x", addresses("api", "http"))] }]) {
    expect(() => yamlText(data)).toThrow("addresses of api are items of a list, and stand elsewhere");
  }
});
