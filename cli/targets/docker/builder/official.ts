/** A machine with the official tools: its engine, Docker's builder, and a registry to push to. */
import * as fs from "node:fs";
import * as path from "node:path";
import { engineRegistry } from "../../../../components/docker/engine/registry";
import { ImageLock, readLock, RESOLVED_LOCK } from "../../../../components/image/lock";
import { chosenRegistry } from "../../../builder";
import type { Machine, MachineNeeds } from "../../../machine";
import { ensurePulumi, OFFICIAL_HOME } from "../../../pulumi-cli";
import { requirePush } from "./registry-login";
import { Workspace } from "../../../workspace";
import { namedEngine, runningEngine, type Engine } from "../engine";
import { requireBuilder } from "./builder";
import { completeLock } from "./image-lock";
import { ensureRegistryContainer } from "./local-registry";

/** @throws Failure that says what is missing and how to get it. */
export async function officialMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  const isBuilding = needs.workingTree === true || needs.platforms !== undefined;
  const asksEngine = needs.docker === true || needs.images === true || isBuilding;
  // Before anything is installed.
  const engine = asksEngine ? await runningEngine() : namedEngine();
  if (isBuilding) await requireBuilder(engine, needs.platforms);
  const pulumi = await ensurePulumi(checkout);
  const lock = await officialLock(checkout, asksEngine ? engine : undefined);
  const registry = isBuilding ? await pushedTo(checkout, engine, lock) : (chosenRegistry() ?? "");
  const env = {
    PATH: [path.dirname(pulumi.program), process.env.PATH ?? ""].join(path.delimiter),
    // Plugins are kept there too; whoever keeps them elsewhere says so.
    PULUMI_HOME: process.env.PULUMI_HOME || path.join(checkout, OFFICIAL_HOME),
    ...engine.variables,
    ...(lock === undefined ? {} : { RALEX_IMAGES_LOCK: lock }),
  };
  const workspace = new Workspace(checkout, { env, standIns: [] });
  return { workspace, registry, engineBuilds: needs.platforms === undefined };
}

/** Whoever names a lock has said what to run; substitutes that this machine made earlier are not run unasked. */
async function officialLock(checkout: string, engine: Engine | undefined): Promise<string | undefined> {
  const named = process.env.RALEX_IMAGES_LOCK;
  if (named !== undefined && named !== "") return path.resolve(checkout, named);
  if (engine !== undefined) return completeLock(checkout, engineRegistry(engine.docker));
  const resolved = path.join(checkout, RESOLVED_LOCK);
  return fs.existsSync(resolved) ? resolved : undefined;
}

async function pushedTo(checkout: string, engine: Engine, lock: string | undefined): Promise<string> {
  const chosen = chosenRegistry();
  if (chosen === undefined) {
    const images = lock === undefined ? readLock(checkout) : ImageLock.read(lock);
    return ensureRegistryContainer(engine, images.ref("registry").toString());
  }
  await requirePush(chosen);
  return chosen;
}
