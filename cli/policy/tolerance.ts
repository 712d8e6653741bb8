/** A way back must not be closed by what is no better where it starts. */
import * as path from "node:path";
import type { Settings } from "../../components/settings/schema";
import { keyOf } from "../../policy/evaluation";
import { KNOWN_VIOLATIONS, writeKnown } from "../../policy/knowledge/known-violations";
import type { Machine } from "../machine";
import { commandFolder } from "../stack-config";
import { checkStack } from "./check-stack";

/**
 * The machine whose policy pack shows the violations that the running release has too, and lets them through.
 * @param settings - those of the release that runs.
 */
export async function toleratingPresent(machine: Machine, stack: string, settings: Settings): Promise<Machine> {
  const { workspace } = machine;
  const { outcomes } = await checkStack(workspace, stack, settings);
  const file = path.join(commandFolder(workspace), "known-violations.json");
  writeKnown(
    file,
    outcomes.map(({ rule, finding }) => keyOf(rule, finding)),
  );
  return { ...machine, workspace: workspace.with({ [KNOWN_VIOLATIONS]: file }) };
}
