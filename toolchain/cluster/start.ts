/** Starts a cluster, or finds that it runs. */
import * as fs from "node:fs";
import * as https from "node:https";
import * as path from "node:path";
import execa from "execa";
import { parse } from "yaml";
import { aptInstall } from "../apt";
import { ensureDaemon, logFile } from "../engines/daemon";
import { registryStorage } from "../engines/registry";
import { GO_MODULES, goModule, goModules } from "../go-tools";
import { progress } from "../progress";
import {
  API_SERVER_PORT,
  type ClusterNode,
  clusterNodes,
  CONTROL_PLANE_ADDRESS,
  fabricNetwork,
  HOST_INTERFACE,
  hostNetwork,
  uplinkNetwork,
} from "./addresses";
import { BOOTSTRAP, ensureCertificates } from "./certificates";
import {
  CONTROL_PLANE_GROUP,
  makeGroup,
  mountLines,
  nodeGroup,
  nodeProgramsGroup,
  processFiles,
  readMounts,
} from "./cgroups";
import { controlPlanePrograms, writeClusterRegistry } from "./control-plane";
import { SYSTEM_IMAGES } from "./images/recipes";
import { imageReferences } from "./images/references";
import { kernelSettings } from "./kernel";
import { kubectl } from "./kubectl";
import { CLUSTER_MODULES } from "./modules";
import { writeNode } from "./node";
import {
  clientConfiguration,
  controlPlaneFolder,
  dataFolder,
  dataLink,
  logFolder,
  nodeFolder,
  runFolder,
  scriptFolder,
} from "./paths";
import { writePrograms } from "./program";
import { clusterProcess, type ClusterRecord, DAEMON, namespaceInit, readRecord, writeRecord } from "./record";
import { clusterPackages, inspectMachine, whyNotCluster } from "./requirements";
import { clusterStatus, type ClusterStatus, meteredNodes } from "./status";
import { stop, withClusterLock } from "./stop";
import { asList, systemManifests } from "./system/pods";
import { STORAGE } from "./system/storage";

export interface ClusterOptions {
  /** As many as run, else one, when left out. */
  readonly nodes?: number;
  /** Begins anew, without the data of the cluster that is there. */
  readonly reset?: boolean;
}

/** Bounds for a machine with other work; measured alone: 5 s for the API server, 15 s for all. */
const API_SERVER_SECONDS = 60;
const READY_SECONDS = 120;
const METRICS_SECONDS = 120;
const POLL_MS = 100;

/**
 * Starts the cluster and waits until its nodes, CoreDNS and the provisioner of volumes are Ready. One that runs so
 * already is left alone. What is missing is installed, compiled (10 minutes) and built first.
 * @throws Error with the remedy, where the machine lacks something, or a cluster of another size runs
 */
export const startCluster = (options: ClusterOptions = {}): Promise<ClusterStatus> =>
  withClusterLock(async () => {
    const running = clusterProcess() === undefined ? undefined : readRecord();
    const size = options.reset === true ? (options.nodes ?? 1) : sizeOf(options.nodes, running);
    const nodes = clusterNodes(size);
    if (running !== undefined && options.reset !== true) {
      const status = await clusterStatus();
      if (status.healthy && status.nodes.length === size) return status;
    } else {
      await startProcesses(nodes, options.reset === true);
    }
    await complete(nodes);
    return clusterStatus();
  });

/** How many nodes to start, or to find running. */
export function sizeOf(wanted: number | undefined, running: ClusterRecord | undefined): number {
  const version = GO_MODULES.kubernetes.version;
  if (running === undefined) return wanted ?? 1;
  const is = `a cluster of ${running.nodes === 1 ? "1 node" : `${running.nodes} nodes`} runs Kubernetes ${running.version}`;
  const remedy = "stop it first (npm run cluster:stop), or start with --reset, which removes its data";
  if (wanted !== undefined && wanted !== running.nodes) throw new Error(`${is}, and ${wanted} are wanted: ${remedy}`);
  if (running.version !== version) throw new Error(`${is}, and ${version} is wanted: ${remedy}`);
  return running.nodes;
}

async function startProcesses(nodes: readonly ClusterNode[], reset: boolean): Promise<void> {
  // What a crash left behind, or what is to be replaced; data that were kept stay.
  await stop(!reset);
  const reasons = whyNotCluster(await inspectMachine());
  if (reasons.length > 0) throw new Error(`a cluster cannot run on this machine:\n  ${reasons.join("\n  ")}`);
  await aptInstall(clusterPackages());
  await goModules(CLUSTER_MODULES);
  const images = await imageReferences(SYSTEM_IMAGES);
  const [kubernetes, etcd] = await Promise.all([goModule("kubernetes"), goModule("etcd")]);
  await progress.step("starting the cluster's processes", 2, async () => {
    for (const folder of [runFolder(), dataFolder()]) fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.symlinkSync(dataFolder(), dataLink());
    fs.mkdirSync(logFolder(), { recursive: true });
    fs.cpSync(path.join(__dirname, "namespaces"), scriptFolder(), { recursive: true });
    await ensureCertificates(nodes);
    writeRecord({ nodes: nodes.length, version: GO_MODULES.kubernetes.version, kernelSettings: kernelSettings() });
    writeControlPlane(nodes, { kubernetes, etcd });
    for (const node of nodes) writeNode(node, nodes, { kubernetes, pauseImage: images.busybox });
    makeGroups(nodes);
    await enterNamespaces(nodes);
  });
}

function writeControlPlane(nodes: readonly ClusterNode[], tools: { kubernetes: string; etcd: string }): void {
  writePrograms(controlPlaneFolder(), controlPlanePrograms(tools));
  writeClusterRegistry(registryStorage());
  fs.writeFileSync(path.join(controlPlaneFolder(), "network"), fabricNetwork(nodes));
  fs.writeFileSync(path.join(controlPlaneFolder(), "uplink"), uplinkNetwork());
}

function makeGroups(nodes: readonly ClusterNode[]): void {
  const mounts = readMounts();
  makeGroup(mounts, CONTROL_PLANE_GROUP);
  fs.writeFileSync(path.join(controlPlaneFolder(), "group"), processFiles(mounts, CONTROL_PLANE_GROUP));
  for (const { name } of nodes) {
    makeGroup(mounts, nodeProgramsGroup(name));
    const write = (file: string, text: string): void => fs.writeFileSync(path.join(nodeFolder(name), file), text);
    write("group", processFiles(mounts, nodeGroup(name)));
    write("programs-group", processFiles(mounts, nodeProgramsGroup(name)));
    write("group-mounts", mountLines(mounts));
  }
}

async function enterNamespaces(nodes: readonly ClusterNode[]): Promise<void> {
  const namespaces = ["--net", "--mount", "--pid", "--uts", "--ipc", "--mount-proc", "--propagation", "private"];
  await ensureDaemon(
    {
      name: DAEMON,
      program: "/usr/bin/unshare",
      args: [
        ...[...namespaces, "--fork", "--kill-child"],
        ...["sh", path.join(scriptFolder(), "control-plane.sh"), ...nodes.map(({ name }) => name)],
      ],
      environment: {
        CLUSTER: dataFolder(),
        PATH: ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(path.delimiter),
      },
      answers: () => Promise.resolve(init() !== undefined),
      startSeconds: 10,
    },
    runFolder(),
  );
}

function init(): number | undefined {
  const parent = clusterProcess();
  return parent === undefined ? undefined : namespaceInit(parent);
}

/** All that follows the processes. Done again after an interruption, it completes what is missing. */
async function complete(nodes: readonly ClusterNode[]): Promise<void> {
  const kubeconfig = clientConfiguration(BOOTSTRAP);
  const images = await imageReferences(SYSTEM_IMAGES);
  await progress.step(`starting Kubernetes ${GO_MODULES.kubernetes.version}`, 15, async () => {
    await connect(nodes);
    await until("the API server answers", API_SERVER_SECONDS, apiServerAnswers);
    await kubectl(["apply", "--server-side", "--force-conflicts", "--validate=ignore", "--filename", "-"], {
      input: asList(systemManifests(images)),
      kubeconfig,
    });
    await Promise.all([
      ...nodes.map(admit),
      // Without it the first pods of a namespace are refused.
      waitFor("--for=create", "serviceaccount/default", "--namespace", "default"),
      waitFor("--for=condition=Available", "deployment/coredns", "--namespace", "kube-system"),
      waitFor("--for=condition=Available", `deployment/${STORAGE.name}`, "--namespace", STORAGE.namespace),
    ]);
  });
}

/** Joins this machine to the cluster's network. */
async function connect(nodes: readonly ClusterNode[]): Promise<void> {
  if (fs.existsSync(`/sys/class/net/${HOST_INTERFACE}`)) return;
  const pid = init();
  if (pid === undefined) throw new Error(ended());
  const { failed, stderr } = await execa("ip", ["-batch", "-"], { input: hostNetwork(nodes, pid), reject: false });
  if (failed) throw new Error(`the cluster's network could not be joined: ${stderr.trim()}`);
}

/** The node of that name gets the pods' network that routes lead to, and is waited for. */
async function admit({ name, podNetwork }: ClusterNode): Promise<void> {
  await waitFor("--for=create", `node/${name}`);
  const patch = JSON.stringify({ spec: { podCIDR: podNetwork, podCIDRs: [podNetwork] } });
  await kubectl(["patch", "node", name, "--patch", patch], { kubeconfig: clientConfiguration(BOOTSTRAP) });
  await waitFor("--for=condition=Ready", `node/${name}`);
}

async function waitFor(condition: string, ...what: readonly string[]): Promise<void> {
  const wait = kubectl(["wait", condition, ...what, `--timeout=${READY_SECONDS}s`]);
  await wait.catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${whereToLook()}`, { cause: error });
  });
}

function apiServerAnswers(): Promise<boolean> {
  const { clusters } = parse(fs.readFileSync(clientConfiguration(BOOTSTRAP), "utf8")) as {
    clusters: { cluster: { "certificate-authority-data": string } }[];
  };
  const ca = Buffer.from(clusters[0]?.cluster["certificate-authority-data"] ?? "", "base64");
  const target = {
    host: CONTROL_PLANE_ADDRESS,
    port: API_SERVER_PORT,
    path: "/readyz",
    ca,
    timeout: 2_000,
    agent: false,
  };
  return new Promise((resolve) => {
    const request = https.get(target, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", () => resolve(false));
  });
}

async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (clusterProcess() === undefined) throw new Error(ended());
    if (Date.now() > deadline) throw new Error(`after ${seconds} s it is not so that ${what}. ${whereToLook()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** With what the nodes' inits said: nothing, unless a node could not be made. */
function whereToLook(): string {
  const inits = fs.readdirSync(logFolder()).filter((name) => name.endsWith("-init.log"));
  const said = inits.flatMap((name) => {
    const text = fs.readFileSync(path.join(logFolder(), name), "utf8").trim();
    return text === "" ? [] : [`\n${name}: ${text.split("\n").slice(-5).join("\n")}`];
  });
  const remedy = "npm run cluster:stop ends what runs, and ./ralex cluster start --reset begins anew";
  return `The logs are in ${logFolder()}; ${remedy}${said.join("")}`;
}

function ended(): string {
  const log = logFile(runFolder(), DAEMON);
  const text = fs.existsSync(log) ? fs.readFileSync(log, "utf8").trimEnd().split("\n").slice(-10).join("\n") : "";
  return `the cluster's processes have ended. ${whereToLook()}. The end of ${log}:\n${text}`;
}

/**
 * Waits until the usage of every node can be read: some 15 seconds after a start.
 * @throws Error when it cannot within the time, in seconds
 */
export const waitForMetrics = (seconds = METRICS_SECONDS): Promise<void> =>
  progress.step("waiting for the first metrics", 15, async () => {
    const size = readRecord()?.nodes ?? 1;
    await until("the metrics server has measured every node", seconds, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5 * POLL_MS));
      return (await meteredNodes()).length >= size;
    });
  });
