import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { policyPackOption, policyPacks } from "../../../../cli/plan/policy-packs";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-packs-"));
const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-pack-"));
afterAll(() => [checkout, elsewhere].forEach((folder) => fs.rmSync(folder, { recursive: true })));

test("policy packs are given one after the other, beside the one of the checkout", () => {
  const given = (...words: readonly string[]) =>
    new Command().addOption(policyPackOption()).parse(words, { from: "user" }).opts<{ policyPack: string[] }>();
  expect(given().policyPack).toEqual([]);
  expect(policyPacks(checkout, [])).toEqual(["policy"]);
  expect(given("--policy-pack", "a", "--policy-pack", "b").policyPack).toEqual(["a", "b"]);
});

test("a policy pack of the checkout is the same one in another clone, and one that is none is refused", () => {
  const own = path.join(checkout, "policy");
  fs.mkdirSync(own);
  for (const folder of [own, elsewhere]) fs.writeFileSync(path.join(folder, "PulumiPolicy.yaml"), "");
  expect(policyPacks(checkout, [own, elsewhere])).toEqual(["policy", elsewhere]);
  const [one, other] = [path.join(checkout, "one"), path.join(checkout, "other")];
  expect(() => policyPacks(checkout, [one, own, other])).toThrow(
    `no policy pack, for want of a PulumiPolicy.yaml: ${one}, ${other}`,
  );
});
