import { type Command, InvalidArgumentError } from "commander";
import { commandLine, ralex } from "../components/command-line";
import type { ClusterStatus } from "../toolchain/cluster";
import { ADDON_NAMES } from "../toolchain/cluster/addons/names";
import { EXIT, Failure } from "./failure";

/** `./ralex cluster`: a real Kubernetes on this machine. Neither the current context nor ~/.kube is touched. */
export function registerCluster(program: Command): void {
  const cluster = program.command("cluster").description("run a real Kubernetes cluster on this machine (root, Linux)");
  cluster
    .command("start")
    .description("start it, or find it running; the first time it is compiled, which takes 10 minutes")
    .option("--nodes <n>", "how many nodes (default: as many as run, else 1)", wholeNumber)
    .option("--reset", "begin anew, without the data of the cluster that is there")
    .option("--json", "print JSON")
    .action(start);
  cluster
    .command("add")
    .description(
      "give it what a stack may ask of a cluster: an engine of NetworkPolicies, an Ingress and Gateway controller",
    )
    .argument("<addon>", ADDON_NAMES.join(" or "))
    .action(add);
  cluster
    .command("stop")
    .description("stop it; nothing of it is left on the machine")
    .option("--keep", "keep its data, so that the next start goes on from there")
    .option("--json", "print JSON")
    .action(stop);
  cluster
    .command("status")
    .description("show its nodes and system pods; exit code 1 when not all are ready")
    .option("--json", "print JSON")
    .action(status);
  cluster
    .command("env")
    .description('print what a shell needs for kubectl, helm or pulumi: eval "$(./ralex cluster env)"')
    .action(async () => console.log(exported((await load()).kubeconfigPath())));
}

/** With its compiler's and builder's code, which no other command needs. */
const load = () => import("../toolchain/cluster");

interface StartOptions {
  readonly nodes?: number;
  readonly reset?: true;
  readonly json?: true;
}

async function start({ nodes, reset, json }: StartOptions): Promise<void> {
  const { startCluster, waitForMetrics, clusterStatus } = await load();
  await startCluster({ ...(nodes === undefined ? {} : { nodes }), reset: reset === true });
  await waitForMetrics();
  const state = await clusterStatus();
  if (json === true) console.log(JSON.stringify(state, null, 2));
  else
    console.log(`${describeCluster(state)}\n\nFor kubectl, helm or pulumi by hand:\n  ${exported(state.kubeconfig)}`);
}

async function add(name: string): Promise<void> {
  const known = ADDON_NAMES.find((addon) => addon === name);
  if (known === undefined) throw new Failure(`there is no add-on ${name}: it is ${ADDON_NAMES.join(" or ")}`);
  const { addToCluster, clusterStatus } = await load();
  if (!(await clusterStatus()).running) throw new Failure(`no cluster runs: ${ralex("cluster", "start")}`);
  await addToCluster(known);
  console.log(`The cluster has ${known}.`);
}

async function stop({ keep, json }: { keep?: true; json?: true }): Promise<void> {
  const { stopCluster } = await load();
  const stopped = await stopCluster({ keep: keep === true });
  if (json === true) console.log(JSON.stringify({ stopped }));
  else console.log(stopped ? "The cluster is stopped." : "No cluster was running.");
}

async function status({ json }: { json?: true }): Promise<void> {
  const { clusterStatus } = await load();
  const state = await clusterStatus();
  if (json === true) console.log(JSON.stringify(state, null, 2));
  else console.log(describeCluster(state));
  if (!state.healthy) process.exitCode = EXIT.error;
}

/** For people: one line a node and system pod. */
export function describeCluster(state: ClusterStatus): string {
  if (!state.running) return `no cluster runs: ${ralex("cluster", "start")}`;
  const ready = (isReady: boolean): string => (isReady ? "ready" : "not ready");
  return [
    `Kubernetes ${state.version ?? ""}, context ${state.context}`,
    ...[...state.nodes, ...state.systemPods].map(
      ({ name, ready: isReady }) => `  ${ready(isReady).padEnd(9)}  ${name}`,
    ),
    `  ${ready(state.metrics).padEnd(9)}  metrics`,
    ...(state.problem === undefined ? [] : [state.problem, `its logs: ${state.logFolder}`]),
  ].join("\n");
}

const exported = (kubeconfig: string): string => `export KUBECONFIG=${commandLine(kubeconfig)}`;

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("it is a whole number.");
  return Number(text);
}
