/**
 * The copies of the checkout that runs of tests and benchmarks work in, and what runs that were ended have left of them.
 * A copy is held by a lock as long as its process lives; only what belongs to a copy that nobody holds is removed, by the
 * deployment's id: a stack of the same name may be somebody's own.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import lockfile from "proper-lockfile";
import { openStored } from "../../cli/backend/open";
import { resourcesOf } from "../../cli/backend/resources";
import { identityIn } from "../../cli/targets/docker/deployment";
import { connectEngine } from "../../components/docker/engine/client";
import { DEPLOYMENT_LABEL } from "../../components/docker/labels";

const INDEX = path.join(os.tmpdir(), "ralex-copies");
/** Longer than a test keeps its process from telling that it lives. */
const STALE_MS = 60_000;

const entryOf = (folder: string): string =>
  path.join(INDEX, crypto.createHash("sha256").update(folder).digest("hex").slice(0, 16));

/** Says that this process works in a copy, from before there is one until {@link release} or its end. */
export async function hold(folder: string): Promise<void> {
  fs.mkdirSync(INDEX, { recursive: true });
  const entry = entryOf(folder);
  await lockfile.lock(entry, {
    realpath: false,
    stale: STALE_MS,
    update: STALE_MS / 6,
    // That of a test file whose clock has ended with it.
    onCompromised: () => undefined,
  });
  fs.writeFileSync(entry, folder);
}

/** Says that a copy is gone, with all that it had. */
export async function release(folder: string): Promise<void> {
  const entry = entryOf(folder);
  fs.rmSync(entry, { force: true });
  await lockfile.unlock(entry, { realpath: false }).catch(() => undefined);
}

/** Removes the copies that nobody holds, and what their stacks have left on the engine. */
export async function removeLeftovers(): Promise<void> {
  if (!fs.existsSync(INDEX)) return;
  for (const name of fs.readdirSync(INDEX).filter((file) => !file.endsWith(".lock"))) {
    const entry = path.join(INDEX, name);
    if (await lockfile.check(entry, { realpath: false, stale: STALE_MS })) continue;
    const folder = fs.readFileSync(entry, "utf8");
    for (const id of await deploymentsOf(folder)) await removeDeployment(id);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.rmSync(entry, { force: true });
  }
}

/** Ids of the deployments in a copy's own backend. */
async function deploymentsOf(folder: string): Promise<readonly string[]> {
  const backend = openStored(`file://${path.join(folder, ".ralex/state")}`);
  const ids = ((await backend?.stacks()) ?? []).map(async ({ project, stack }) =>
    backend === undefined ? undefined : identityIn((await resourcesOf({ backend }, project, stack)) ?? [])?.id,
  );
  return (await Promise.all(ids)).filter((id) => id !== undefined);
}

/** Removes all of a deployment from the engine, with its data. */
async function removeDeployment(id: string): Promise<void> {
  const docker = connectEngine();
  const filters = { label: [`${DEPLOYMENT_LABEL}=${id}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify(filters) as never });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
}
