/** A target is its name in one list, a program and a folder of the commands. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { openTarget } from "../../../../cli/targets";
import type { Target } from "../../../../cli/targets/target";
import { Workspace } from "../../../../cli/workspace";
import { TARGETS } from "../../../../components/settings/targets";

const CHECKOUT = path.resolve(__dirname, "../../../..");
/** Programs in stacks/ that are no target's. */
const SHARED = ["index", "program-error", "read-stack", "release", "stack-settings"];
const METHODS: readonly (keyof Target)[] = [
  ...(["preflight", "sweep", "isDamaged", "instances", "differences", "verify"] as const),
  ...(["absent", "logs", "explain", "inspect", "data", "report"] as const),
];

const names = (folder: string, pattern: RegExp): readonly string[] =>
  fs.readdirSync(path.join(CHECKOUT, folder)).flatMap((name) => pattern.exec(name)?.[1] ?? []);

test("every target has a program and a folder of the commands, and every program and folder is a target's", () => {
  const programs = names("stacks", /^(.+)\.ts$/).filter((name) => !SHARED.includes(name));
  expect(programs.sort()).toEqual([...TARGETS].sort());
  expect([...names("cli/targets", /^([^.]+)$/)].sort()).toEqual([...TARGETS].sort());
});

test.each(TARGETS)("%s answers whatever the commands may ask, and is opened without a platform", async (name) => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-targets-"));
  try {
    const target = await openTarget(new Workspace(checkout, { env: {}, standIns: [] }), name);
    expect(Object.keys(target).sort()).toEqual([...METHODS].sort());
  } finally {
    fs.rmSync(checkout, { recursive: true });
  }
});
