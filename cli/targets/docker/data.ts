/** A stack's volumes, with what is in them. */
import type Docker from "dockerode";
import { resourcesOf } from "../../backend/resources";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import type { DataItem } from "../target";

const BYTES_PER_MB = 1e6;

export async function volumesOf(workspace: Workspace, docker: Docker, stack: string): Promise<readonly DataItem[]> {
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
  const volumes = resources.filter(({ type }) => type === "docker:index/volume:Volume").map(({ id = "" }) => id);
  // The engine measures every volume that it has for this.
  if (volumes.length === 0) return [];
  const { Volumes } = (await docker.df()) as {
    Volumes?: readonly { Name: string; UsageData?: { Size: number } | null }[] | null;
  };
  const sizes = new Map((Volumes ?? []).map(({ Name, UsageData }) => [Name, UsageData?.Size ?? -1]));
  return volumes.sort().map((id) => ({ name: `volume ${id}`, size: shownSize(sizes.get(id)) }));
}

function shownSize(bytes: number | undefined): string {
  if (bytes === undefined) return "gone already";
  return bytes < 0 ? "size unknown" : `${(bytes / BYTES_PER_MB).toFixed(1)} MB`;
}
