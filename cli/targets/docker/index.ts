/** Target `docker`: a stack on the Docker Engine of this machine. */
import type Docker from "dockerode";
import execa from "execa";
import { maxReplicasOf } from "../../../components/app/scaling";
import { replicaName, SERVICE_LABEL } from "../../../components/docker/labels";
import { dockerPlacement } from "../../../components/docker/placement";
import { verify } from "../../../components/docker/provider/checks";
import { exec } from "../../../components/docker/provider/engine";
import type { Workspace } from "../../workspace";
import type { Target } from "../target";
import { volumesOf } from "./data";
import { containersOf, requireDeployment } from "./deployment";
import { askDocker, containerDifferences, expectedContainers } from "./drift";
import { namedEngine, runningEngine, type Engine } from "./engine";
import { absentFrom } from "./engine-images";
import { instancesOf } from "./instances";
import { preflight } from "./preflight";
import { lacksSomething, sweepOrphans } from "./recovery";
import { unknownService } from "../unknown-service";
import { upstreamReport, UPSTREAMS_COMMAND } from "../upstream-report";

export const placement = dockerPlacement;

export function open(workspace: Workspace): Target {
  let named: Engine | undefined;
  const docker = (): Docker => (named ??= namedEngine()).docker;
  const prefixOf = async (stack: string): Promise<string> => (await requireDeployment(workspace, stack)).prefix;
  return {
    preflight: (stack, settings) => preflight({ workspace, docker: docker() }, stack, settings),
    sweep: (stack) => sweepOrphans(workspace, docker(), stack),
    isDamaged: (stack) => lacksSomething(workspace, docker(), stack),
    async instances(stack) {
      const engine = await runningEngine();
      return instancesOf(engine.docker, await containersOf(workspace, engine.docker, stack));
    },
    async differences(stack, services, told) {
      const expected = expectedContainers(await prefixOf(stack), services);
      return containerDifferences(expected, await askDocker(docker(), Object.keys(expected)), told);
    },
    async verify(stack, services) {
      const prefix = await prefixOf(stack);
      const containers = Object.entries(expectedContainers(prefix, services)).map(([name, image]) => ({ name, image }));
      console.error(`checking ${containers.length} containers and the endpoints of ${stack}`);
      return verify(containers, `${prefix}-probe`);
    },
    absent: (images) => absentFrom(docker(), images),
    async logs(stack, service, { follow, lines }) {
      const engine = await runningEngine();
      const all = await containersOf(workspace, engine.docker, stack);
      const chosen = all.filter(({ Labels }) => Labels[SERVICE_LABEL] === service);
      if (chosen.length === 0) {
        const known = all.map(({ Labels }) => Labels[SERVICE_LABEL]);
        throw unknownService(stack, service, known);
      }
      const flags = [...(follow ? ["--follow"] : []), "--tail", String(lines)];
      const env = { ...engine.variables };
      await Promise.all(chosen.map(({ Id }) => execa("docker", ["logs", ...flags, Id], { env, stdio: "inherit" })));
    },
    // The engine is the machine's, and told of with it.
    inspect: () => Promise.resolve([]),
    // What waited for a container has told of it already, with its log.
    explain: () => Promise.resolve([]),
    data: (stack) => volumesOf(workspace, docker(), stack),
    async report(stack, settings) {
      // A Ralex of somebody else's does not have the bridge's own command.
      if (settings.source !== undefined) return [];
      const replica = replicaName({ name: "api", maxReplicas: maxReplicasOf("api") }, 0);
      return upstreamReport(await exec(`${await prefixOf(stack)}-${replica}`, UPSTREAMS_COMMAND));
    },
  };
}
