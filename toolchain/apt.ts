/** Debian packages of the machine itself. */
import * as fs from "node:fs";
import execa from "execa";
import { cacheRoot } from "./paths";
import { withLock } from "./lock";
import { progress } from "./progress";

/** Package lists older than this are fetched again before an installation, in milliseconds. */
const LISTS_STALE_MS = 24 * 3600_000;
const STATUS = "/var/lib/dpkg/status";

/** Those of the packages that are not fully installed. Reads dpkg's own record: a few milliseconds. */
export function missingPackages(packages: readonly string[], status = STATUS): readonly string[] {
  const text = fs.existsSync(status) ? fs.readFileSync(status, "utf8") : "";
  return packages.filter((name) => {
    const start = text.startsWith(`Package: ${name}\n`) ? 0 : text.indexOf(`\nPackage: ${name}\n`);
    if (start < 0) return true;
    const end = text.indexOf("\n\n", start + 1);
    return !text.slice(start, end < 0 ? undefined : end).includes("\nStatus: install ok installed");
  });
}

/** Why packages cannot be installed here, or undefined when they can. */
export function whyNotApt(): string | undefined {
  if (process.platform !== "linux" || !fs.existsSync("/usr/bin/apt-get")) return "this machine has no apt-get";
  if (process.getuid?.() !== 0) return "installing packages needs root";
  return undefined;
}

/**
 * Installs what is missing, saying so first; does nothing when all is there.
 * @throws Error that names the missing packages and the command to install them, where it may not install
 */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  if (missingPackages(packages).length === 0) return;
  await withLock(`${cacheRoot()}/apt`, async () => {
    const missing = missingPackages(packages);
    if (missing.length === 0) return;
    const reason = whyNotApt();
    if (reason !== undefined) {
      throw new Error(
        `missing on this machine: ${missing.join(", ")}, and ${reason}. ` +
          `Install them (on Debian 12, as root: apt-get install --no-install-recommends ${missing.join(" ")})`,
      );
    }
    process.stderr.write(`installing Debian packages: ${missing.join(", ")}\n`);
    await progress.step(`installing ${missing.join(", ")}`, 25, async () => {
      const install = (): Promise<void> => aptGet(["install", "-q", "-y", "--no-install-recommends", ...missing]);
      if (!listsAreStale() && (await succeeds(install))) return;
      // A list may name versions that the archive has replaced since.
      await aptGet(["update", "-q"]);
      await install();
    });
  });
}

const succeeds = (work: () => Promise<void>): Promise<boolean> =>
  work().then(
    () => true,
    () => false,
  );

function listsAreStale(folder = "/var/lib/apt/lists"): boolean {
  const lists = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.includes("_Packages")) : [];
  const newest = Math.max(0, ...lists.map((name) => fs.statSync(`${folder}/${name}`).ctimeMs));
  return Date.now() - newest > LISTS_STALE_MS;
}

async function aptGet(args: readonly string[]): Promise<void> {
  const { exitCode, all } = await execa("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "ignore",
    all: true,
    reject: false,
  });
  if (exitCode !== 0) throw new Error(`apt-get ${args[0]} failed:\n${(all ?? "").split("\n").slice(-12).join("\n")}`);
}
