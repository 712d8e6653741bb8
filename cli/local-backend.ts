/** A backend that is a folder of this machine: what the commands read there without asking Pulumi. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { Failure } from "./failure";
import type { Workspace } from "./workspace";

/** What is read of a resource in a stack's state. */
export interface Recorded {
  readonly id?: string;
  readonly type: string;
  readonly inputs?: { readonly start?: boolean; readonly mustRun?: boolean };
}

interface Checkpoint {
  readonly checkpoint?: { readonly latest?: { readonly resources?: readonly Recorded[] } | null };
}

/** The address of the backend, for messages. */
export const backendUrl = ({ environment }: Workspace): string => environment.PULUMI_BACKEND_URL ?? "";

/**
 * The folder that Pulumi keeps its files in, found as Pulumi does; undefined where the backend is elsewhere and keeps its
 * own order.
 * @throws Failure for a folder that is not absolute: Pulumi would take it from wherever it is called.
 */
export function localBackend(workspace: Workspace): string | undefined {
  const url = backendUrl(workspace);
  if (!url.startsWith("file://")) return undefined;
  const [given = ""] = url.slice("file://".length).split("?");
  const folder = given === "~" || given.startsWith("~/") ? path.join(os.homedir(), given.slice(1)) : given;
  if (!path.isAbsolute(folder)) {
    throw new Failure(`PULUMI_BACKEND_URL is ${url}: name the folder from the root, as in file:///srv/ralex-state`);
  }
  return path.join(folder, ".pulumi");
}

/** Everything in a stack's state; undefined when the backend does not know the stack. */
export function resourcesInState(backend: string, project: string, stack: string): readonly Recorded[] | undefined {
  const file = path.join(backend, "stacks", project, `${stack}.json`);
  const text = fs.existsSync(file)
    ? fs.readFileSync(file)
    : fs.existsSync(`${file}.gz`)
      ? gunzipSync(fs.readFileSync(`${file}.gz`))
      : undefined;
  if (text === undefined) return undefined;
  const state = JSON.parse(text.toString("utf8")) as Checkpoint;
  return state.checkpoint?.latest?.resources ?? [];
}
