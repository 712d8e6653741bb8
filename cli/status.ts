import Table from "cli-table3";
import type { Command } from "commander";
import Docker from "dockerode";
import { SERVICE_LABEL, STACK_LABEL } from "../components/docker/identity";
import { EXIT } from "./failure";

interface ServiceStatus {
  readonly container: string;
  readonly service: string;
  readonly state: string;
  readonly health: string;
  readonly image: string;
}

/** `./ralex status`: every container of the stack; exit code 1 when one is not as it should be. */
export function registerStatus(program: Command): void {
  program
    .command("status")
    .description("show every container of the stack, its health and its image")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--json", "print JSON")
    .action(async ({ stack, json }: { stack: string; json?: true }) => {
      const services = await statusOf(new Docker(), stack);
      if (json === true) console.log(JSON.stringify(services, null, 2));
      else if (services.length === 0) console.log(`${stack} has no containers: ./ralex start -s ${stack}`);
      else {
        const table = new Table({ head: ["container", "state", "health", "image"], style: { head: [], border: [] } });
        for (const { container, state, health, image } of services) table.push([container, state, health, image]);
        console.log(table.toString());
      }
      if (services.some(({ health }) => health === "unhealthy" || health === "failed")) process.exitCode = EXIT.error;
    });
}

async function statusOf(docker: Docker, stack: string): Promise<readonly ServiceStatus[]> {
  const containers = await docker.listContainers({ all: true, filters: { label: [`${STACK_LABEL}=${stack}`] } });
  const rows = await Promise.all(
    containers.map(async ({ Id, Labels }) => {
      const { Name, State, HostConfig } = await docker.getContainer(Id).inspect();
      const isJob = HostConfig.RestartPolicy?.Name !== "unless-stopped";
      const done = isJob && State.Status === "exited";
      return {
        container: Name.slice(1),
        service: Labels[SERVICE_LABEL] ?? "",
        state: done ? `exited (${State.ExitCode})` : State.Status,
        health: done ? (State.ExitCode === 0 ? "done" : "failed") : (State.Health?.Status ?? "-"),
        image: Labels["ralex.image"] ?? "",
      };
    }),
  );
  return rows.sort((a, b) => (a.container < b.container ? -1 : 1));
}
