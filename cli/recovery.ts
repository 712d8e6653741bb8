/** Puts right what an interrupted command left behind. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ralex } from "../components/command-line";
import type { Recorded } from "./backend/checkpoint";
import { isDead, isOfThisHost, shownOwner } from "./backend/lock";
import { resourcesOf } from "./backend/resources";
import { Failure } from "./failure";
import { commandFolder } from "./stack-config";
import type { Workspace } from "./workspace";

/**
 * Removes the lock of an update whose process is dead; a live one is never disturbed. On Pulumi Cloud there is nothing to
 * remove: a lock there ends with its lease. Of buckets whose locks are not looked at, Pulumi itself tells and refuses.
 * @throws Failure when another update runs, or may run on another machine.
 */
export async function cancelStaleLock({ backend }: Workspace, project: string, stack: string): Promise<void> {
  for (const lock of (await backend.locks({ project, stack })) ?? []) {
    if (!(await isDead(lock))) {
      const elsewhere = isOfThisHost(lock)
        ? ""
        : `. Whether it still runs cannot be told from here: if it does not, ${ralex("unlock", lock.id)} removes its lock`;
      throw new Failure(
        `another command is working on ${project}/${stack} (${shownOwner(lock)}): wait until it is done${elsewhere}`,
      );
    }
    console.error(`removing the lock of an interrupted command (${shownOwner(lock)}; it is gone)`);
    await backend.removeLock(lock);
  }
}

/**
 * Takes out of a stack's state what earlier programs kept there as commands: to be removed they would run scripts at the
 * path of the checkout that wrote them, which may have moved.
 */
export async function forgetCommands(workspace: Workspace, project: string, stack: string): Promise<void> {
  const isCommand = ({ type }: Recorded) => type === "command:local:Command" || type === "pulumi:providers:command";
  if (!((await resourcesOf(workspace, project, stack)) ?? []).some(isCommand)) return;
  const name = await workspace.stackName(project, stack);
  const state = JSON.parse(await workspace.capture(["stack", "export", "--stack", name])) as {
    deployment: { resources: readonly (Recorded & { dependencies?: readonly string[] })[] };
  };
  const { resources } = state.deployment;
  const forgotten = new Set(resources.filter(isCommand).map(({ urn }) => urn));
  const kept = resources
    .filter(({ urn }) => !forgotten.has(urn))
    .map((resource) => withoutDependencies(resource, forgotten));
  const file = path.join(commandFolder(workspace), "state.json");
  fs.writeFileSync(file, JSON.stringify({ ...state, deployment: { ...state.deployment, resources: kept } }), {
    mode: 0o600,
  });
  await workspace.capture(["stack", "import", "--stack", name, "--file", file]);
  // What those commands wrote, secrets among it: nothing mounts it any more once the update is through.
  fs.rmSync(workspace.path("files", stack), { recursive: true, force: true });
}

function withoutDependencies(resource: object, forgotten: ReadonlySet<string>): object {
  // They stand in lists: dependencies, and those of single properties.
  return JSON.parse(
    JSON.stringify(resource, (_, value: unknown) =>
      Array.isArray(value) ? value.filter((item) => typeof item !== "string" || !forgotten.has(item)) : value,
    ),
  ) as object;
}
