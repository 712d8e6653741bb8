/** Running programs of another processor, so that images can be built for it: QEMU, started by the kernel. */
import * as fs from "node:fs";
import execa from "execa";
import { NATIVE, type Platform } from "../../components/image/platforms";
import { aptInstall, whyNotApt } from "../apt";
import { withLock } from "../lock";
import { RUN_FOLDER } from "../paths";

export const EMULATION_PACKAGES = ["qemu-user-static", "binfmt-support", "arch-test"] as const;
const BINFMT = "/proc/sys/fs/binfmt_misc";
/** Names of an architecture: Debian's, and that of its interpreter. */
const ARCHITECTURES: Readonly<Record<Platform, { debian: string; interpreter: string }>> = {
  "linux/amd64": { debian: "amd64", interpreter: "qemu-x86_64" },
  "linux/arm64": { debian: "arm64", interpreter: "qemu-aarch64" },
};

/** Debian's name of a platform's architecture. */
export const debianArchitecture = (platform: Platform): string => ARCHITECTURES[platform].debian;

/** Whether programs of the platform run here, natively or emulated; one is started to see. */
export async function emulates(platform: Platform): Promise<boolean> {
  if (platform === NATIVE) return true;
  const { failed } = await execa("arch-test", [debianArchitecture(platform)], { reject: false, stdin: "ignore" });
  return !failed;
}

/**
 * Makes sure that programs of the platforms run here, installing QEMU and telling the kernel of it where that may be
 * done. A reboot forgets the registration; the next call makes it again.
 * @throws Error with the remedy, where it is not possible.
 */
export async function ensureEmulation(platforms: readonly Platform[]): Promise<void> {
  for (const platform of platforms) {
    if (await emulates(platform)) continue;
    const reason = whyNotApt();
    if (reason !== undefined) throw new Error(remedy(platform, reason));
    await aptInstall(EMULATION_PACKAGES);
    await withLock(`${RUN_FOLDER}/emulation`, () => register(platform));
    if (!(await emulates(platform))) throw new Error(remedy(platform, "a test program did not start"));
  }
}

async function register(platform: Platform): Promise<void> {
  if (!fs.existsSync(`${BINFMT}/register`)) {
    await must("mount", ["-t", "binfmt_misc", "binfmt_misc", BINFMT], platform);
  }
  await must("update-binfmts", ["--enable", ARCHITECTURES[platform].interpreter], platform);
}

async function must(program: string, args: readonly string[], platform: Platform): Promise<void> {
  const { failed, all } = await execa(program, [...args], { all: true, reject: false, stdin: "ignore" });
  if (failed) throw new Error(remedy(platform, (all ?? "").trim() || `${program} is not there`));
}

const remedy = (platform: Platform, reason: string): string =>
  `programs for ${platform} do not run on this machine, and a release is built for it too: ${reason}. ` +
  `On the machine itself, as root and outside any container: apt-get install ${EMULATION_PACKAGES.join(" ")}, ` +
  `mount -t binfmt_misc binfmt_misc ${BINFMT}, update-binfmts --enable ${ARCHITECTURES[platform].interpreter}`;
