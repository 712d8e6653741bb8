/** The language host runs policy packs. */
import { failureOf } from "../../cli/plan/engine";
import { analyzerPack } from "../support/analyzer-pack";
import { TestStack } from "../support/pulumi";

jest.setTimeout(240_000);

test("a pack that is violated stops the update, and one that is kept lets it through", async () => {
  const program = (length: number) =>
    `import * as random from "@pulumi/random"; new random.RandomPassword("p", { length: ${length} });`;
  const stack = await TestStack.create("policed", {
    "index.ts": program(8),
    ...analyzerPack(),
  });
  try {
    for (const command of [
      ["up", "--yes", "--skip-preview"],
      ["up", "--yes", "--strict"],
      ["preview", "--save-plan", "plan.json"],
    ]) {
      const denied = await stack.run(...command, "--policy-pack", "pack");
      expect(denied.text).toContain("a password of 8 characters is too short");
      const { exitCode, message } = failureOf(command[0] ?? "", denied.exitCode, denied.text);
      expect([exitCode, message]).toEqual([2, expect.stringContaining("refused by a policy, named above")]);
      expect(message.includes("stays done")).toBe(command.includes("--skip-preview"));
    }
    stack.write("index.ts", program(12));
    expect(await stack.preview("--save-plan", "plan.json", "--policy-pack", "pack")).toMatchObject({ exitCode: 0 });
    const allowed = await stack.run("up", "--yes", "--plan", "plan.json", "--policy-pack", "pack");
    expect(allowed).toMatchObject({ exitCode: 0 });
    expect(allowed.text).toContain("test-pack");
  } finally {
    await stack.remove();
  }
});
