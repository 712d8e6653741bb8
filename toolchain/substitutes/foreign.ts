/**
 * Debian root file systems of another architecture. Extracting packages runs none of their programs, so nothing is
 * emulated. apt takes its architecture from a configuration file that the environment names, hence a process of its
 * own; and lists and packages of its own, since a folder of lists is of one architecture.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { NATIVE, type Platform } from "../../components/image/platforms";
import { debianArchitecture } from "../engines/emulation";
import { cacheRoot } from "../paths";
import { debianRoot, updatePackageLists } from "./debian";

const LOADER = path.resolve(__dirname, "../typescript.js");

/** Writes the root file system of some packages of a platform to a tar file. Needs root, to keep owners. */
export async function foreignRoot(
  platform: Platform,
  packages: readonly string[],
  without: readonly string[],
  tarFile: string,
): Promise<void> {
  const architecture = debianArchitecture(platform);
  const folder = path.join(cacheRoot(), `foreign-${architecture}`);
  fs.mkdirSync(folder, { recursive: true });
  const configuration = path.join(folder, "apt.conf");
  // The machine's own architecture second: its lists are what says which mirrors to use.
  const architectures = [architecture, debianArchitecture(NATIVE)].map((name) => `"${name}";`).join(" ");
  fs.writeFileSync(configuration, `APT::Architecture "${architecture}";\nAPT::Architectures { ${architectures} };\n`);
  const { failed, stderr } = await execa(process.execPath, ["--require", LOADER, __filename], {
    env: { APT_CONFIG: configuration, RALEX_CACHE_DIR: folder, NODE_OPTIONS: "" },
    input: JSON.stringify([packages, without, tarFile]),
    reject: false,
  });
  if (failed) {
    throw new Error(
      `the packages for ${platform} could not be put together:\n${stderr.split("\n").slice(-12).join("\n")}`,
    );
  }
}

async function main(): Promise<void> {
  const given = JSON.parse(fs.readFileSync(0, "utf8")) as Parameters<typeof debianRoot>;
  await updatePackageLists();
  await debianRoot(...given);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
