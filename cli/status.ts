import Table from "cli-table3";
import type { Command } from "commander";
import type Docker from "dockerode";
import { ralex } from "../components/command-line";
import { IMAGE_LABEL, SERVICE_LABEL } from "../components/docker/labels";
import { containersOf } from "./deployment";
import { runningEngine } from "./engine";
import { EXIT } from "./failure";
import { stateWorkspace } from "./machine";

/** Healths that are not as they should be; `starting` is on its way, and `-` has no check and runs. */
const WRONG: readonly string[] = ["unhealthy", "failed", "not running"];

export interface ServiceStatus {
  readonly container: string;
  readonly service: string;
  readonly state: string;
  readonly health: string;
  readonly image: string;
}

/** `./ralex status`: every container of the stack; exit code 1 when one is not as it should be. */
export function registerStatus(program: Command, checkout: string): void {
  program
    .command("status")
    .description("show every container of the stack, its health and its image")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--json", "print JSON")
    .action(async ({ stack, json }: { stack: string; json?: true }) => {
      const { docker } = await runningEngine();
      const services = await statusOf(docker, await containersOf(await stateWorkspace(checkout), docker, stack));
      if (json === true) console.log(JSON.stringify(services, null, 2));
      else if (services.length === 0) console.log(`${stack} has no containers: ${ralex("start", "-s", stack)}`);
      else console.log(statusTable(services));
      if (services.some(({ health }) => WRONG.includes(health))) process.exitCode = EXIT.error;
    });
}

/** Most characters of a container's name and of an image in a line; with the other columns they fill 100. */
const WIDEST = { container: 34, image: 30 } as const;
/** On each side of what is in a cell. */
const PADDING = 1;

/** The containers in lines of at most 100 characters; `--json` has whole digests. */
export function statusTable(services: readonly ServiceStatus[]): string {
  const rows = services.map(({ container, state, health, image }) => [container, state, health, shortImage(image)]);
  const width = (column: number, widest: number): number | null =>
    rows.some((row) => (row[column] ?? "").length > widest) ? widest + 2 * PADDING : null;
  const table = new Table({
    head: ["container", "state", "health", "image"],
    style: { head: [], border: [] },
    colWidths: [width(0, WIDEST.container), null, null, width(3, WIDEST.image)],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  table.push(...rows);
  return table.toString();
}

/** `registry/path/name@sha256:<64 digits>` as `name@<12 digits>`, which is what Docker shows of a digest. */
const shortImage = (image: string): string =>
  image.replace(/^.*\/(?=[^/]+$)/, "").replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1") || "-";

/** The state of every container, by name. A stopped stack has none. */
export async function statusOf(
  docker: Docker,
  containers: readonly Docker.ContainerInfo[],
): Promise<readonly ServiceStatus[]> {
  const rows = await Promise.all(
    containers.map(async ({ Id, Labels }) => {
      const { Name, State, HostConfig } = await docker.getContainer(Id).inspect();
      const isJob = HostConfig.RestartPolicy?.Name !== "unless-stopped";
      return {
        container: Name.slice(1),
        service: Labels[SERVICE_LABEL] ?? "",
        state: State.Status === "exited" ? `exited (${State.ExitCode})` : State.Status,
        health: isJob ? jobHealth(State) : serviceHealth(State),
        image: Labels[IMAGE_LABEL] ?? "",
      };
    }),
  );
  return rows.sort((a, b) => (a.container < b.container ? -1 : 1));
}

type State = Docker.ContainerInspectInfo["State"];

const jobHealth = ({ Status, ExitCode }: State): string => {
  if (Status !== "exited") return "-";
  return ExitCode === 0 ? "done" : "failed";
};

/** Of a container that has ended Docker keeps what its last check said; of one without a check it says nothing. */
const serviceHealth = ({ Status, Health }: State): string =>
  Status === "running" ? (Health?.Status ?? "-") : "not running";
