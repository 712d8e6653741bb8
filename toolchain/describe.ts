/** What this machine has of all that the toolchain needs, for `./ralex doctor`. Looks, and changes nothing. */
import * as fs from "node:fs";
import { missingPackages, whyNotApt } from "./apt";
import { isIntact } from "./cache";
import { BUILDKIT_HOST, buildkitAnswers, BUILDKIT_PACKAGES } from "./engines/buildkit";
import { DOCKER_PACKAGES, dockerAnswers } from "./engines/docker";
import { REGISTRY, registryAnswers, REGISTRY_PACKAGES } from "./engines/registry";
import { GO_MODULES, goModuleFolder, type GoModuleName, goVersion, whyNotGo } from "./go-tools";
import { cacheRoot } from "./paths";
import { recordedSubstitute } from "./substitutes/build";
import { recipeNames } from "./substitutes/recipes";

export interface MachineCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; absent when all is well. */
  readonly remedy?: string;
}

/** A cold start's image and compiler caches together take 14 GB. */
const DISK_NEEDED_GB = 15;
const START = "npm start makes it";

/** Every check, whatever the earlier ones found. */
export async function describeMachine(): Promise<readonly MachineCheck[]> {
  const [go, docker, buildkit, registry] = await Promise.all([
    goVersion(),
    dockerAnswers(),
    buildkitAnswers(),
    registryAnswers(),
  ]);
  const modules = (Object.keys(GO_MODULES) as GoModuleName[]).filter((name) => !("onDemand" in GO_MODULES[name]));
  return [
    checkGo(go),
    checkPackages(),
    checkDisk(),
    check("Docker Engine", docker, "answers", "does not answer", "npm start starts it as root; otherwise start Docker"),
    check("BuildKit", buildkit, `answers at ${BUILDKIT_HOST}`, `does not answer at ${BUILDKIT_HOST}`, START),
    check("registry", registry, `answers at ${REGISTRY}`, `does not answer at ${REGISTRY}`, START),
    ...(await Promise.all(modules.map(checkModule))),
    ...(await Promise.all(recipeNames("engine").map(checkImage))),
  ];
}

const check = (name: string, ok: boolean, good: string, bad: string, remedy: string): MachineCheck =>
  ok ? { name, ok, detail: good } : { name, ok, detail: bad, remedy };

function checkGo(version: string | undefined): MachineCheck {
  const reason = whyNotGo(version);
  return check("Go", reason === undefined, `version ${version}`, `version ${version ?? "none"}`, reason ?? "");
}

function checkPackages(): MachineCheck {
  const missing = missingPackages([...DOCKER_PACKAGES, ...BUILDKIT_PACKAGES, ...REGISTRY_PACKAGES]);
  const reason = whyNotApt();
  const remedy = reason === undefined ? "npm start installs them" : `${reason}: have an administrator install them`;
  return check("Debian packages", missing.length === 0, "installed", `missing: ${missing.join(", ")}`, remedy);
}

function checkDisk(): MachineCheck {
  const root = cacheRoot();
  fs.mkdirSync(root, { recursive: true });
  const { bavail, bsize } = fs.statfsSync(root);
  const free = (bavail * bsize) / 1e9;
  const detail = `${free.toFixed(1)} GB free at ${root}`;
  const remedy = `a first start needs ${DISK_NEEDED_GB} GB: free some, or point RALEX_CACHE_DIR at a larger disk`;
  return check("disk", free >= DISK_NEEDED_GB, detail, detail, remedy);
}

async function checkModule(name: GoModuleName): Promise<MachineCheck> {
  const { version } = GO_MODULES[name];
  const there = await isIntact(goModuleFolder(name));
  return check(`program ${name}`, there, `${version} compiled`, `${version} not compiled yet`, START);
}

async function checkImage(name: string): Promise<MachineCheck> {
  const image = await recordedSubstitute(name);
  return check(`image ${name}`, image !== undefined, image?.digest ?? "", "not built yet, or no registry", START);
}
