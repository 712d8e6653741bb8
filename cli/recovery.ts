/** Puts right what an interrupted command left behind. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure } from "./failure";
import { localBackend, resourcesOf, type Recorded } from "./local-backend";
import { commandFolder } from "./stack-config";
import type { Workspace } from "./workspace";

interface LockOwner {
  readonly pid: number;
  readonly hostname: string;
}

/** How long a process that was told to end may take to be gone, in milliseconds. */
const DYING_MS = 3_000;

/** How long the owner of a lock may take to write it, in milliseconds. */
const WRITING_MS = 500;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const stat = `/proc/${pid}/stat`;
  // A zombie has ended; only its parent has not asked yet. The state stands behind the name in parentheses.
  return !fs.existsSync(stat) || !/\) Z /.test(fs.readFileSync(stat, "utf8"));
}

/** Whether a process lives on; one that was just killed gets the time to be gone. */
async function isAlive(pid: number): Promise<boolean> {
  const end = Date.now() + DYING_MS;
  while (exists(pid)) {
    if (Date.now() > end) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** A lock's text, once it is written; undefined when its owner has removed it meanwhile. */
async function lockText(file: string): Promise<string | undefined> {
  const end = Date.now() + WRITING_MS;
  for (;;) {
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
    if (text === undefined || text.trim() !== "" || Date.now() > end) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Cancels the lock of an update whose process is dead; a live one is never disturbed.
 * @throws Failure when another update runs.
 */
export async function cancelStaleLock(workspace: Workspace, project: string, stack: string): Promise<void> {
  const backend = localBackend(workspace);
  if (backend === undefined) return;
  const folder = path.join(backend, "locks", "organization", project, stack);
  const locks = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  for (const lock of locks) {
    const file = path.join(folder, lock);
    const text = await lockText(file);
    if (text === undefined) continue;
    // A lock that was being written when its owner died is empty.
    const owner = text.trim() === "" ? undefined : (JSON.parse(text) as LockOwner);
    if (owner !== undefined && (owner.hostname !== os.hostname() || (await isAlive(owner.pid)))) {
      throw new Failure(
        `another command is working on ${project}/${stack} (process ${owner.pid} on ${owner.hostname}): wait until it is done`,
      );
    }
    console.error(`removing the lock of an interrupted command (process ${owner?.pid ?? "unknown"}, gone)`);
    fs.rmSync(file, { force: true });
  }
}

/**
 * Takes out of a stack's state what earlier programs kept there as commands: to be removed they would run scripts at the
 * path of the checkout that wrote them, which may have moved.
 */
export async function forgetCommands(workspace: Workspace, project: string, stack: string): Promise<void> {
  const isCommand = ({ type }: Recorded) => type === "command:local:Command" || type === "pulumi:providers:command";
  if (!((await resourcesOf(workspace, project, stack)) ?? []).some(isCommand)) return;
  const name = `organization/${project}/${stack}`;
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
