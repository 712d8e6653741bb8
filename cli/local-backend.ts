/** A backend that is a folder of this machine: what the commands read there without asking Pulumi. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { Failure } from "./failure";
import type { Workspace } from "./workspace";

/** What is read of a resource in a stack's state. */
export interface Recorded {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  /** Whether a plugin manages it. */
  readonly custom?: boolean;
  readonly inputs?: { readonly start?: boolean; readonly mustRun?: boolean };
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface Checkpoint {
  readonly checkpoint?: { readonly latest?: { readonly resources?: readonly Recorded[] } | null };
}

/** The address of the backend, for messages. */
export const backendUrl = ({ environment }: Workspace): string => environment.PULUMI_BACKEND_URL ?? "";

/** {@link backendFolder} of a workspace's backend. */
export const localBackend = (workspace: Workspace): string | undefined => backendFolder(backendUrl(workspace));

/**
 * The folder that Pulumi keeps its files in, found as Pulumi does; undefined where the backend is elsewhere and keeps its
 * own order.
 * @throws Failure for a folder that is not absolute: Pulumi would take it from wherever it is called.
 */
export function backendFolder(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const [given = ""] = url.slice("file://".length).split("?");
  const folder = given === "~" || given.startsWith("~/") ? path.join(os.homedir(), given.slice(1)) : given;
  if (!path.isAbsolute(folder)) {
    throw new Failure(`PULUMI_BACKEND_URL is ${url}: name the folder from the root, as in file:///srv/ralex-state`);
  }
  return path.join(folder, ".pulumi");
}

/** Whether the backend has the stack, be it empty. */
export const knowsStack = (backend: string, project: string, stack: string): boolean =>
  stateFile(backend, project, stack) !== undefined;

/** A stack's checkpoint as it is stored, to tell whether it changed; undefined where the backend is no folder. */
export function stateText(workspace: Workspace, project: string, stack: string): Buffer | undefined {
  const backend = localBackend(workspace);
  const file = backend === undefined ? undefined : stateFile(backend, project, stack);
  return file === undefined ? undefined : fs.readFileSync(file);
}

/** Everything in a stack's state; undefined when the backend does not know the stack. */
export function resourcesInState(backend: string, project: string, stack: string): readonly Recorded[] | undefined {
  const file = stateFile(backend, project, stack);
  if (file === undefined) return undefined;
  const content = fs.readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(content) : content).toString("utf8");
  return (JSON.parse(text) as Checkpoint).checkpoint?.latest?.resources ?? [];
}

/** Everything in a stack's state, wherever it is kept; undefined when the backend does not know the stack. */
export async function resourcesOf(
  workspace: Workspace,
  project: string,
  stack: string,
): Promise<readonly Recorded[] | undefined> {
  const backend = localBackend(workspace);
  if (backend !== undefined) return resourcesInState(backend, project, stack);
  try {
    const text = await workspace.capture(["stack", "export", "--stack", `organization/${project}/${stack}`]);
    return (JSON.parse(text) as { deployment: { resources?: readonly Recorded[] } }).deployment.resources ?? [];
  } catch (error) {
    if (error instanceof Failure && /no stack named|not found/.test(error.message)) return undefined;
    throw error;
  }
}

function stateFile(backend: string, project: string, stack: string): string | undefined {
  const file = path.join(backend, "stacks", project, `${stack}.json`);
  return [file, `${file}.gz`].find((one) => fs.existsSync(one));
}
