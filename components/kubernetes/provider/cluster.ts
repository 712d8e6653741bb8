/** Which cluster a stack is on: a context is a name, and may lead somewhere else tomorrow. */
import type { Kind } from "../../provider/kind";
import { ClusterError, clusterUid, connectCluster } from "../client";

export interface ClusterInputs {
  readonly context: string;
}

export interface ClusterOutputs extends ClusterInputs {
  readonly uid: string;
}

/** @throws ClusterError for another cluster than the one that the stack is on. */
export async function requireSameCluster(context: string, uid: string): Promise<void> {
  const found = await clusterUid(await connectCluster(context));
  if (found === uid) return;
  throw new ClusterError(
    `context ${context} leads to another cluster (${found}) than the one that this stack is on (${uid}): set ` +
      "ralex:kubeContext to a context of that one. To move to another cluster, make a stack of another name there",
  );
}

export const cluster: Kind<ClusterInputs, ClusterOutputs> = {
  compared: ({ context }) => ({ context }),
  // Another name for the same cluster changes nothing; another cluster is refused.
  replaces: [],
  create: async ({ context }) => {
    const uid = await clusterUid(await connectCluster(context));
    return { id: uid, outputs: { context, uid } };
  },
  read: async (outputs) => {
    await requireSameCluster(outputs.context, outputs.uid);
    return outputs;
  },
  update: async ({ context }, { uid }) => {
    await requireSameCluster(context, uid);
    return { context, uid };
  },
};
