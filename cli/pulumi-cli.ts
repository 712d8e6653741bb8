/** The official Pulumi CLI: the machine's own, or one that is installed into the checkout's own folder. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import semver from "semver";
import which from "which";
import { cacheRoot } from "../toolchain/paths";
import { Failure } from "./failure";

/** The version of the CLI that the checkout is tested with; `.pulumi.version` says the same, and the SDK is of it. */
export const PULUMI_VERSION = "3.259.0";

/** PULUMI_HOME of the official tools, relative to the checkout: the CLI that is installed here, and every plugin. */
export const OFFICIAL_HOME = ".ralex/official";

/** Where the SDK's installer gets the CLI. */
export const PULUMI_SOURCE = "https://get.pulumi.com";

/** The first `pulumi` of the PATH that the toolchain did not compile: `./ralex env` puts that one there too. */
export function findPulumi(searchPath: string, compiled: string): string | undefined {
  const found = which.sync("pulumi", { path: searchPath, all: true, nothrow: true }) ?? [];
  return found.find((file) => !path.resolve(file).startsWith(`${compiled}${path.sep}`));
}

export interface InstalledPulumi {
  readonly program: string;
  readonly version: string;
}

/** The `pulumi` of the PATH, and the one of the checkout, as far as they are there and say their version. */
export async function installedPulumi(checkout: string): Promise<readonly InstalledPulumi[]> {
  const own = path.join(checkout, OFFICIAL_HOME, "bin/pulumi");
  const programs = [findPulumi(process.env.PATH ?? "", cacheRoot()), fs.existsSync(own) ? own : undefined];
  const found = programs
    .filter((program) => program !== undefined)
    .map(async (program) => {
      const version = await versionOf(program, checkout);
      return version === undefined ? [] : [{ program, version }];
    });
  return (await Promise.all(found)).flat();
}

async function versionOf(program: string, checkout: string): Promise<string | undefined> {
  // Asked for its version it would look for a newer one, and note under ~/.pulumi what it found.
  const env = { PULUMI_HOME: path.join(checkout, OFFICIAL_HOME), PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { stdout, failed } = await execa(program, ["version"], { env, reject: false, stdin: "ignore" });
  return failed ? undefined : stdout.trim().replace(/^v/, "");
}

/** Whether a version is the tested one, or a newer one of the same major version: so far does Pulumi promise. */
export const isUsable = (version: string): boolean => semver.satisfies(version, `^${PULUMI_VERSION}`);

/**
 * The official CLI, installed into the checkout's own folder where the machine has none that can be used.
 * @param install - puts the tested version below a folder; tests give another.
 * @throws Failure with what to do, where it cannot be installed.
 */
export async function ensurePulumi(
  checkout: string,
  install: (root: string) => Promise<void> = installWithSdk,
): Promise<InstalledPulumi> {
  const installed = await installedPulumi(checkout);
  const usable = installed.find(({ version }) => isUsable(version));
  if (usable !== undefined) {
    if (usable.version !== PULUMI_VERSION) {
      console.error(`${usable.program} is version ${usable.version}; this checkout is tested with ${PULUMI_VERSION}`);
    }
    return usable;
  }
  const root = path.join(checkout, OFFICIAL_HOME);
  for (const { program, version } of installed) {
    console.error(`${program} is version ${version}, and ${PULUMI_VERSION} is needed: it is left alone`);
  }
  console.error(`installing Pulumi ${PULUMI_VERSION} into ${root} (about 200 MB are fetched from ${PULUMI_SOURCE})`);
  await install(root).catch((error: unknown) => {
    throw new Failure(
      `Pulumi ${PULUMI_VERSION} could not be installed: ${error instanceof Error ? error.message : String(error)}\n` +
        `install it yourself (https://www.pulumi.com/docs/iac/download-install/), put it on the PATH, and run this again`,
    );
  });
  const program = path.join(root, "bin/pulumi");
  const version = fs.existsSync(program) ? await versionOf(program, checkout) : undefined;
  if (version === undefined) throw new Failure(`the installer of Pulumi ended, and ${program} does not run`);
  return { program, version };
}

/** The SDK installs the version that it is of itself. */
async function installWithSdk(root: string): Promise<void> {
  const { PulumiCommand } = await import("@pulumi/pulumi/automation");
  await PulumiCommand.install({ root });
}
