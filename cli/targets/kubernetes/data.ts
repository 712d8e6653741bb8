/** A stack's claims, with what was reserved for them, and the Secret that somebody made for it. */
import type { DataItem } from "../target";
import type { Workspace } from "../../workspace";
import { recordedOutputs } from "../../backend/resources";
import { PROJECT } from "../../project";
import { deploymentOf } from "./deployment";

export async function claimsOf(workspace: Workspace, stack: string): Promise<readonly DataItem[]> {
  const deployment = await deploymentOf(workspace, stack);
  if (deployment === undefined) return [];
  const { cluster, namespace } = deployment;
  const { items } = await cluster.core.listNamespacedPersistentVolumeClaim({ namespace });
  const claims = items
    .map(({ metadata, status, spec }) => {
      const size = status?.capacity?.storage ?? spec?.resources?.requests?.storage ?? "unknown";
      const isEmpty = status?.phase !== "Bound";
      return { name: `claim ${namespace}/${metadata?.name}`, size: isEmpty ? "never used" : `${size} reserved` };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  // The namespace goes with all that is in it, whoever made it.
  const { existingSecret } = (await recordedOutputs(workspace, PROJECT, stack)) ?? {};
  if (typeof existingSecret !== "string") return claims;
  return [...claims, { name: `Secret ${namespace}/${existingSecret}`, size: "made by you" }];
}
