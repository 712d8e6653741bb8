/** What lets a machine that reaches package registries only run everything. The command line's one way in. */
import * as path from "node:path";
import { GENERATED_LOCK } from "../components/image/lock";
import type { Platform } from "../components/image/platforms";
import { aptInstall, whyNotApt } from "./apt";
import { BUILDKIT_HOST, BUILDKIT_PACKAGES, ensureBuildkit } from "./engines/buildkit";
import { DOCKER_PACKAGES, dockerAnswers, ensureDocker } from "./engines/docker";
import { ensureRegistry, REGISTRY, REGISTRY_PACKAGES } from "./engines/registry";
import { goModule, goVersion, whyNotGo } from "./go-tools";
import { ensureReleaseLock, ensureSubstitutes } from "./substitutes/lock";
import { recipeNames } from "./substitutes/recipes";

export { describeMachine, type MachineCheck } from "./describe";
export { stopEngines } from "./engines/stop";

export interface MachineNeeds {
  /** A Docker Engine that answers. */
  readonly docker?: boolean;
  /**
   * Images of the lock, all or those that run on the Docker Engine, and with them BuildKit and the local registry; an empty
   * list is those two alone.
   */
  readonly images?: readonly string[] | "all" | "engine";
  /** Platforms of a release, which the image that it is built on has to be for. Others than this machine's are emulated. */
  readonly platforms?: readonly Platform[];
  /** The Pulumi CLI. */
  readonly pulumi?: boolean;
}

export interface Machine {
  /** Folder with the `pulumi` program; empty when it was not asked for. */
  readonly pulumiFolder: string;
  /** To be added to the environment of programs that use what is here; PATH includes the present one. */
  readonly env: Readonly<Record<string, string>>;
  /** The local registry's `host:port`. */
  readonly registry: string;
  /** The checkout's image lock. */
  readonly lock: string;
  /** Names of the images in the lock that stand in for official ones. */
  readonly substitutes: readonly string[];
}

/** Why this machine cannot make the tools itself; empty where it can. Changes nothing. */
export async function whyNotHere(): Promise<readonly string[]> {
  return [whyNotGo(await goVersion()), whyNotApt()].filter((reason) => reason !== undefined);
}

/**
 * Installs, compiles, starts and builds what is missing, side by side; with everything there it only looks.
 * @throws Error with the remedy, where a person has to provide something
 */
export async function ensureMachine(checkout: string, needs: MachineNeeds): Promise<Machine> {
  const wanted = typeof needs.images === "string" ? recipeNames(needs.images) : needs.images;
  await installPackages(needs);
  // BuildKit is compiled before Pulumi: images wait for it, and are fetched while Pulumi keeps the cores busy.
  const buildkit = wanted === undefined ? Promise.resolve() : goModule("buildkit").then(ensureBuildkit);
  const images = async () => {
    if (wanted === undefined) return { lock: path.join(checkout, GENERATED_LOCK), substitutes: [] };
    await Promise.all([buildkit, ensureRegistry()]);
    if (needs.platforms !== undefined) return ensureReleaseLock(checkout, "python", needs.platforms);
    return ensureSubstitutes(checkout, wanted);
  };
  const pulumi = async () => {
    if (needs.pulumi !== true) return "";
    // Its failure is reported by the images.
    await buildkit.catch(() => undefined);
    return goModule("pulumi");
  };
  const [pulumiFolder, { lock, substitutes }] = await all([
    pulumi(),
    images(),
    needs.docker === true ? ensureDocker() : Promise.resolve(false),
  ]);
  const folders = [pulumiFolder, wanted === undefined ? "" : await goModule("buildkit")].filter((one) => one !== "");
  const env = {
    PATH: [...folders, process.env.PATH ?? ""].join(path.delimiter),
    ...(wanted === undefined ? {} : { BUILDKIT_HOST }),
    // Whoever names a lock has said what to run.
    RALEX_IMAGES_LOCK: process.env.RALEX_IMAGES_LOCK || lock,
  };
  return { pulumiFolder, env, registry: REGISTRY, lock, substitutes };
}

/** One installation for all that is to be installed: apt runs once at a time. */
async function installPackages(needs: MachineNeeds): Promise<void> {
  const docker = needs.docker === true && !(await dockerAnswers());
  await aptInstall([
    ...new Set<string>([
      ...(docker ? DOCKER_PACKAGES : []),
      ...(needs.images === undefined ? [] : [...BUILDKIT_PACKAGES, ...REGISTRY_PACKAGES]),
    ]),
  ]);
}

/** Like Promise.all, but waits for every part to end, so that nothing goes on behind an error; reports all errors. */
async function all<T extends readonly unknown[]>(parts: readonly [...{ [K in keyof T]: Promise<T[K]> }]): Promise<T> {
  const results = await Promise.allSettled(parts);
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const messages = [...new Set(errors.map((error) => (error instanceof Error ? error.message : String(error))))];
  if (messages.length > 0) throw new Error(messages.join("\n"), { cause: errors[0] });
  return results.map((result) =>
    result.status === "fulfilled" ? (result.value as unknown) : undefined,
  ) as unknown as T;
}
