/** A stack's claims, with what was reserved for them. */
import type { DataItem } from "../target";
import type { Workspace } from "../../workspace";
import { deploymentOf } from "./deployment";

export async function claimsOf(workspace: Workspace, stack: string): Promise<readonly DataItem[]> {
  const deployment = await deploymentOf(workspace, stack);
  if (deployment === undefined) return [];
  const { cluster, namespace } = deployment;
  const { items } = await cluster.core.listNamespacedPersistentVolumeClaim({ namespace });
  return items
    .map(({ metadata, status, spec }) => {
      const size = status?.capacity?.storage ?? spec?.resources?.requests?.storage ?? "unknown";
      const isEmpty = status?.phase !== "Bound";
      return { name: `claim ${namespace}/${metadata?.name}`, size: isEmpty ? "never used" : `${size} reserved` };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
