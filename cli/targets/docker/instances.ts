/** A stack's containers as the commands show them. */
import type Docker from "dockerode";
import { IMAGE_LABEL, SERVICE_LABEL } from "../../../components/docker/labels";
import { exec } from "../../../components/docker/provider/engine";
import type { Instance, InstanceHealth } from "../target";

/** The state of every container, by name. A stopped stack has none. */
export async function instancesOf(
  docker: Docker,
  containers: readonly Docker.ContainerInfo[],
): Promise<readonly Instance[]> {
  const instances = await Promise.all(
    containers.map(async ({ Id, Labels }): Promise<Instance> => {
      const found = await docker.getContainer(Id).inspect();
      const { Name, State, HostConfig } = found;
      const isJob = HostConfig.RestartPolicy?.Name !== "unless-stopped";
      return {
        name: Name.slice(1),
        service: Labels[SERVICE_LABEL] ?? "",
        state: State.Status === "exited" ? `exited (${State.ExitCode})` : State.Status,
        health: isJob ? jobHealth(State) : await serviceHealth(found),
        image: Labels[IMAGE_LABEL] ?? "",
      };
    }),
  );
  return instances.sort((a, b) => (a.name < b.name ? -1 : 1));
}

type State = Docker.ContainerInspectInfo["State"];

function jobHealth({ Status, ExitCode }: State): InstanceHealth {
  if (Status !== "exited") return "-";
  return ExitCode === 0 ? "done" : "failed";
}

/** Of a container that has ended Docker keeps what its last check said; of one without a check it says nothing. */
async function serviceHealth({ Id, State, Config }: Docker.ContainerInspectInfo): Promise<InstanceHealth> {
  if (State.Status !== "running") return "not running";
  const health = (State.Health?.Status as InstanceHealth | undefined) ?? "-";
  if (health !== "starting") return health;
  // The engine asks rarely, so after a start it would say this for a while of what is up.
  const [, ...check] = Config.Healthcheck?.Test ?? [];
  const said = await exec(Id, check).catch(() => undefined);
  return said?.exitCode === 0 ? "healthy" : health;
}
