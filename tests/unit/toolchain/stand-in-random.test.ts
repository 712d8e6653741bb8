/** The stand-in for the random plugin gives the outputs of the official one, in its forms. */
import fc from "fast-check";
import { plugin } from "../../../toolchain/pulumi/plugins/random/plugin";
import { UNKNOWN } from "../../../toolchain/pulumi/plugins/support/wire";
import { StandIn } from "../../support/stand-in";

const kind = (name: string) => new StandIn(plugin, `random:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`);

describe("a random id", () => {
  const id = kind("RandomId");

  test("is the same bytes in every form, with the prefix in all but the id itself", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 64 }), fc.constantFrom("", "ralex-"), async (byteLength, prefix) => {
        const made = await id.create({ byteLength, ...(prefix === "" ? {} : { prefix }) });
        const { hex, dec, b64Std, b64Url } = made.outputs;
        const bytes = Buffer.from(String(hex).slice(prefix.length), "hex");
        expect(bytes).toHaveLength(byteLength);
        expect(made.id).toBe(bytes.toString("base64url"));
        expect(b64Url).toBe(prefix + made.id);
        expect(b64Std).toBe(prefix + bytes.toString("base64"));
        expect(dec).toBe(prefix + BigInt(`0x${bytes.toString("hex")}`).toString());
      }),
    );
  });

  test.each([0, -1, 1.5])("of %s bytes is refused", async (byteLength) => {
    await expect(id.check({ byteLength })).rejects.toThrow("byteLength: must be a whole number of at least 1");
  });
});

describe.each([
  ["RandomBytes", { length: 8 }],
  ["RandomId", { byteLength: 8 }],
  ["RandomInteger", { min: 1, max: 6 }],
  ["RandomPassword", { length: 8 }],
  ["RandomString", { length: 8 }],
  ["RandomUuid", {}],
])("the keepers of a %s", (name, inputs) => {
  const stand = kind(name);
  const keepers = { generation: "1" };

  test("are outputs that a preview knows, while what is drawn is not known yet", async () => {
    const seen = await stand.preview({ ...inputs, keepers });
    expect(seen.keepers).toEqual(keepers);
    expect(Object.values(seen)).toContain(UNKNOWN);
    expect((await stand.create({ ...inputs, keepers })).outputs.keepers).toEqual(keepers);
  });

  test("draw again when one of them changes, and only then", async () => {
    const made = await stand.create({ ...inputs, keepers });
    expect(await stand.diff(made, { ...inputs, keepers })).toEqual({ differences: [], replaces: [] });
    const planned = await stand.diff(made, { ...inputs, keepers: { generation: "2" } });
    expect(planned).toEqual({ differences: ["keepers.generation: UPDATE_REPLACE"], replaces: ["keepers"] });
  });
});
