/** The table of what others' scanners find says which of our rules has it, or why it is left out. */
import * as fs from "node:fs";
import * as path from "node:path";
import { readDocuments } from "../../policy/documents/files";
import { judge } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { SCANNER_FINDINGS, SCANNERS } from "../../policy/scanners";
import { contextWith } from "./support/rule-cases";

const ids = new Set(RULES.map(({ id }) => id));

test.each(SCANNER_FINDINGS.map((one) => [`${one.scanner} ${one.ids.join(", ")}`, one] as const))(
  "%s is one of our rules', or is left out with a reason",
  (_, { title, rules, leftOut, places }) => {
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(rules.filter((id) => !ids.has(id))).toEqual([]);
    expect(places.length).toBeGreaterThan(0);
    if (rules.length === 0) expect(leftOut).toBeDefined();
    if (leftOut !== undefined) expect(leftOut).toMatch(/^[A-Z].{20,}\.$/);
    // What is found in our own files was looked at: a rule that has it would refuse them, so there is a reason why not.
    if (places.some((place) => place !== "planning document")) expect(leftOut).toBeDefined();
  },
);

test("a finding of a scanner stands in the table once, and each scanner has some", () => {
  const all = SCANNER_FINDINGS.flatMap(({ scanner, ids: own }) => own.map((id) => `${scanner} ${id}`));
  expect(new Set(all).size).toBe(all.length);
  for (const scanner of Object.keys(SCANNERS)) {
    expect(SCANNER_FINDINGS.some((one) => one.scanner === scanner)).toBe(true);
  }
});

const FIXTURES = path.join(__dirname, "fixtures", "planning-document");

const PLANNED = fs
  .readdirSync(FIXTURES)
  .flatMap((file) => readDocuments(fs.readFileSync(path.join(FIXTURES, file), "utf8"), file).resources);

test.each(
  SCANNER_FINDINGS.filter(({ places, rules }) => places.includes("planning document") && rules.length > 0).map(
    (one) => [`${one.scanner} ${one.ids.join(", ")}`, one] as const,
  ),
)("%s is found in the planning document's files by a rule that the table names", (_, { rules }) => {
  const context = contextWith({ configuration: { registries: ["registry.example"] } });
  const found = RULES.filter(({ id }) => rules.includes(id)).filter((rule) => judge(rule, PLANNED, context).length > 0);
  expect(found.map(({ id }) => id)).not.toEqual([]);
});
