/** Judges what a stack has deployed, by its state. */
import { stateResources, type StateResource } from "../../policy/documents/state";
import { elsewhere } from "../../policy/knowledge/elsewhere";
import { stackKnowledge, type StackSettings } from "../../policy/knowledge/stack";
import { RULES } from "../../policy/rules";
import { Session } from "../../policy/session";
import type { Settings } from "../../components/settings/schema";
import { resourcesOf } from "../backend/resources";
import { Failure } from "../failure";
import { PROJECT } from "../project";
import { stackReader } from "../release/stacks";
import type { Workspace } from "../workspace";
import type { Checked } from "./checked";

/** @throws Failure where the backend does not know the stack. */
export async function checkStack(workspace: Workspace, stack: string, settings: Settings): Promise<Checked> {
  const recorded = await resourcesOf(workspace, PROJECT, stack);
  if (recorded === undefined)
    throw new Failure(`there is no stack ${stack} in this backend: nothing was deployed here`);
  const place = { ...elsewhere, ledgers: () => stackReader(workspace) };
  const knowledge = await stackKnowledge(workspace.checkout, stack, packSettings(settings), () =>
    Promise.resolve(place),
  );
  const session = new Session(RULES, knowledge);
  const resources = stateResources(recorded as readonly StateResource[]).filter(({ type }) => session.isJudged(type));
  const outcomes = await session.ofWhole(resources);
  return { outcomes, remarks: session.remarks(), checked: resources.length, skipped: [], ofFiles: false };
}

/** Settings as Pulumi hands them to the pack. */
const packSettings = ({ promotesFrom, release }: Settings): StackSettings => ({
  "ralex:promotesFrom": promotesFrom,
  "ralex:release": release === undefined ? undefined : JSON.stringify(release),
});
