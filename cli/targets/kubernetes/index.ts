/** Target `kubernetes`: a stack in a namespace of a cluster. */
import { podsIn } from "../../../components/kubernetes/client";
import { kubernetesPlacement } from "../../../components/kubernetes/placement";
import { verify, type ChecksInputs } from "../../../components/kubernetes/provider/checks";
import { resourcesOf } from "../../backend/resources";
import { Failure } from "../../failure";
import { PROJECT } from "../../project";
import type { Workspace } from "../../workspace";
import type { Target } from "../target";
import { unknownService } from "../unknown-service";
import { upstreamReport, UPSTREAMS_COMMAND } from "../upstream-report";
import { claimsOf } from "./data";
import { deploymentOf, namespacesOf, requireDeployment } from "./deployment";
import { podDifferences } from "./drift";
import { explain } from "./explain";
import { inspect } from "./inspect";
import { instancesOf } from "./instances";
import { exec, podsOf, writeLogs } from "./pods";
import { preflight } from "./preflight";
import { lacksSomething } from "./recovery";
import { SERVICE_LABEL } from "../../../components/kubernetes/names";

export const placement = kubernetesPlacement;

export function open(workspace: Workspace): Target {
  return {
    preflight: (stack, settings) => preflight(workspace, stack, settings),
    // The API server knows every object by its name, and the next update takes over what an interrupted one made.
    sweep: () => Promise.resolve(),
    isDamaged: (stack) => lacksSomething(workspace, stack),
    async instances(stack) {
      const deployment = await deploymentOf(workspace, stack);
      if (deployment === undefined) return [];
      return instancesOf(await podsIn(deployment.cluster, namespacesOf(deployment)));
    },
    async differences(stack, services, told) {
      const deployment = await requireDeployment(workspace, stack);
      return podDifferences(await podsIn(deployment.cluster, namespacesOf(deployment)), services, told);
    },
    async verify(stack) {
      const inputs = await checksOf(workspace, stack);
      console.error(`checking ${inputs.services.length} services and the endpoints of ${stack}`);
      return verify(inputs);
    },
    // Each node has a store of its own: whether a release can still be pulled, its registry says.
    absent: (images) => Promise.resolve(images),
    async logs(stack, service, options) {
      const { cluster, namespace } = await requireDeployment(workspace, stack);
      const pods = await podsOf(cluster, namespace, service);
      if (pods.length > 0) return writeLogs(cluster, namespace, pods, options);
      const all = await podsOf(cluster, namespace);
      const known = all.map(({ metadata }) => metadata?.labels?.[SERVICE_LABEL]);
      throw unknownService(stack, service, known);
    },
    inspect: (stack, settings) => inspect(workspace, stack, settings),
    async explain(stack) {
      const deployment = await deploymentOf(workspace, stack);
      if (deployment === undefined) return [];
      const { cluster } = deployment;
      const told = await Promise.all(namespacesOf(deployment).map((namespace) => explain(cluster, namespace)));
      return told.flat();
    },
    data: (stack) => claimsOf(workspace, stack),
    async report(stack) {
      const { cluster, namespace } = await requireDeployment(workspace, stack);
      const pods = await podsOf(cluster, namespace, "api");
      const replica = pods.find(({ status }) => status?.phase === "Running");
      if (replica === undefined) return [];
      return upstreamReport(await exec(cluster, namespace, replica, UPSTREAMS_COMMAND));
    },
  };
}

/** What the last update verified, and how: from the state. @throws Failure where nothing of the stack is verified. */
async function checksOf(workspace: Workspace, stack: string): Promise<ChecksInputs> {
  const resources = (await resourcesOf(workspace, PROJECT, stack)) ?? [];
  const found = resources.find(({ type }) => type === "ralex:kubernetes:Checks");
  if (found?.inputs === undefined) {
    throw new Failure(`nothing of ${stack} can be verified: it runs no pinned release`);
  }
  return found.inputs as unknown as ChecksInputs;
}
