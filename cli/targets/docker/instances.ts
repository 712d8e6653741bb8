/** A stack's containers as the commands show them. */
import type Docker from "dockerode";
import { IMAGE_LABEL, SERVICE_LABEL } from "../../../components/docker/labels";
import type { Instance, InstanceHealth } from "../target";

/** The state of every container, by name. A stopped stack has none. */
export async function instancesOf(
  docker: Docker,
  containers: readonly Docker.ContainerInfo[],
): Promise<readonly Instance[]> {
  const instances = await Promise.all(
    containers.map(async ({ Id, Labels }): Promise<Instance> => {
      const { Name, State, HostConfig } = await docker.getContainer(Id).inspect();
      const isJob = HostConfig.RestartPolicy?.Name !== "unless-stopped";
      return {
        name: Name.slice(1),
        service: Labels[SERVICE_LABEL] ?? "",
        state: State.Status === "exited" ? `exited (${State.ExitCode})` : State.Status,
        health: isJob ? jobHealth(State) : serviceHealth(State),
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
const serviceHealth = ({ Status, Health }: State): InstanceHealth =>
  Status === "running" ? ((Health?.Status as InstanceHealth | undefined) ?? "-") : "not running";
