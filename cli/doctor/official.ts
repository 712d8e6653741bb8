/** What a machine with the official Pulumi CLI has of all that the commands ask for. */
import Docker from "dockerode";
import { PLATFORMS } from "../../components/image/platforms";
import type { MachineCheck } from "../../toolchain/describe";
import { builderProblems, chosenRegistry, PULUMI_VERSION, pulumiVersion } from "../machine";

/** Every check, whatever the earlier ones found. */
export async function officialChecks(): Promise<readonly MachineCheck[]> {
  const [version, engine, builder] = await Promise.all([pulumiVersion(), engineVersion(), builderProblems(PLATFORMS)]);
  return [pulumiCheck(version), engineCheck(engine), builderCheck(builder), registryCheck(chosenRegistry())];
}

/** A newer version of the same major one works as far as Pulumi promises; the commands name it, and go on. */
export function pulumiCheck(version: string | undefined): MachineCheck {
  const name = "Pulumi";
  const remedy = `install version ${PULUMI_VERSION}, which this checkout is tested with`;
  if (version === undefined) return { name, ok: false, detail: "not installed", remedy };
  const isOther = version !== PULUMI_VERSION;
  const detail = `version ${version}${isOther ? `; this checkout is tested with ${PULUMI_VERSION}` : ""}`;
  const fits =
    version.split(".")[0] === PULUMI_VERSION.split(".")[0] &&
    version.localeCompare(PULUMI_VERSION, "en", { numeric: true }) >= 0;
  return fits ? { name, ok: true, detail } : { name, ok: false, detail, remedy };
}

const engineVersion = (): Promise<string | undefined> =>
  new Docker().version().then(
    ({ Version }) => Version,
    () => undefined,
  );

function engineCheck(version: string | undefined): MachineCheck {
  const name = "Docker Engine";
  if (version !== undefined) return { name, ok: true, detail: `version ${version} answers` };
  return { name, ok: false, detail: "does not answer", remedy: "install Docker and start it" };
}

function builderCheck(problems: readonly string[]): MachineCheck {
  const name = "Docker's builder";
  if (problems.length === 0) return { name, ok: true, detail: `builds for ${PLATFORMS.join(" and ")}` };
  return { name, ok: false, detail: "cannot build a release (./ralex build)", remedy: problems.join("\n         ") };
}

function registryCheck(registry: string | undefined): MachineCheck {
  const name = "registry to push to";
  if (registry !== undefined) return { name, ok: true, detail: `${registry} (RALEX_REGISTRY)` };
  const detail = "RALEX_REGISTRY is not set; a pinned release runs without, a start of the working tree does not";
  return { name, ok: false, detail, remedy: "set it to a registry that this machine may push to" };
}
