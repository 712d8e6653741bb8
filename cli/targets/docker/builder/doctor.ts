/** What a machine with the official tools has of all that the commands ask for. */
import { PLATFORMS } from "../../../../components/image/platforms";
import type { MachineCheck } from "../../../../toolchain/describe";
import { chosenRegistry } from "../../../builder";
import { runningEngine } from "../engine";
import { builderProblems } from "./builder";
import { installedPulumi, isUsable, PULUMI_VERSION, type InstalledPulumi } from "../../../pulumi-cli";

/** Every check, whatever the earlier ones found. */
export async function officialChecks(checkout: string): Promise<readonly MachineCheck[]> {
  const [pulumi, engine] = await Promise.all([installedPulumi(checkout), engineCheck()]);
  return [pulumiCheck(pulumi), engine, builderCheck(await builderProblems(PLATFORMS)), registryCheck(chosenRegistry())];
}

/** What a start would do: it takes the first that it can use, and installs one where there is none. */
export function pulumiCheck(installed: readonly InstalledPulumi[]): MachineCheck {
  const name = "Pulumi";
  const usable = installed.find(({ version }) => isUsable(version));
  if (usable !== undefined) {
    const isOther = usable.version !== PULUMI_VERSION;
    const tested = isOther ? `; this checkout is tested with ${PULUMI_VERSION}` : "";
    return { name, ok: true, detail: `version ${usable.version} (${usable.program})${tested}` };
  }
  const others = installed.map(({ program, version }) => `${program} is version ${version}`).join(", ");
  const detail = others === "" ? "not installed" : others;
  return { name, ok: false, detail, remedy: `npm start installs version ${PULUMI_VERSION} into this checkout` };
}

async function engineCheck(): Promise<MachineCheck> {
  const name = "Docker Engine";
  try {
    const { docker, address } = await runningEngine();
    const { Version: version } = await docker.version();
    return { name, ok: true, detail: `version ${version} answers at ${address.host} (${address.from})` };
  } catch (error) {
    const remedy = error instanceof Error ? error.message : String(error);
    return { name, ok: false, detail: "does not answer", remedy };
  }
}

function builderCheck(problems: readonly string[]): MachineCheck {
  const name = "Docker's builder";
  if (problems.length === 0) return { name, ok: true, detail: `builds for ${PLATFORMS.join(" and ")}` };
  return { name, ok: false, detail: "cannot build a release (./ralex build)", remedy: problems.join("\n         ") };
}

function registryCheck(registry: string | undefined): MachineCheck {
  const name = "registry to push to";
  if (registry !== undefined) return { name, ok: true, detail: `${registry} (RALEX_REGISTRY)` };
  return { name, ok: true, detail: "a container on this engine's loopback (RALEX_REGISTRY names another)" };
}
