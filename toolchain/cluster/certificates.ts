/** The cluster's certificate authorities and everybody's credentials, made by kubeadm, in elliptic curves. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { parse, stringify } from "yaml";
import { GO_MODULES, goTool } from "../go-tools";
import { API_SERVER_PORT, CONTROL_PLANE_ADDRESS, type ClusterNode, POD_NETWORK, SERVICE_NETWORK } from "./addresses";
import { certificateFolder, clientConfiguration, CONTEXT, dataFolder, kubeconfigPath } from "./paths";

interface Client {
  readonly name: string;
  readonly user: string;
  /** Group that rights are given to. */
  readonly group?: string;
}

/** May do everything before any right is given to anybody: for the first steps of a start only. */
export const BOOTSTRAP = "bootstrap";
/** Group of the cluster's administrators, as in every cluster of kubeadm. */
export const ADMINISTRATORS = "kubeadm:cluster-admins";

export const clients = (nodes: readonly ClusterNode[]): readonly Client[] => [
  { name: BOOTSTRAP, user: "kubernetes-super-admin", group: "system:masters" },
  { name: CONTEXT, user: "ralex-admin", group: ADMINISTRATORS },
  { name: "kube-controller-manager", user: "system:kube-controller-manager" },
  { name: "kube-scheduler", user: "system:kube-scheduler" },
  { name: "kube-proxy", user: "system:kube-proxy" },
  ...nodes.map(({ name }) => ({ name, user: `system:node:${name}`, group: "system:nodes" })),
];

/** What kubeadm is told. It starts nothing here, so only names, addresses and folders count. */
export function kubeadmConfiguration(): string {
  const apiVersion = "kubeadm.k8s.io/v1beta4";
  const documents = [
    {
      apiVersion,
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: CONTROL_PLANE_ADDRESS, bindPort: API_SERVER_PORT },
      // Named, because it looks for one on this machine otherwise.
      nodeRegistration: { name: "control-plane", criSocket: "unix:///run/containerd/containerd.sock" },
    },
    {
      apiVersion,
      kind: "ClusterConfiguration",
      clusterName: CONTEXT,
      // Named, because it asks the internet for the newest otherwise.
      kubernetesVersion: `v${GO_MODULES.kubernetes.version}`,
      encryptionAlgorithm: "ECDSA-P256",
      certificatesDir: certificateFolder(),
      controlPlaneEndpoint: `${CONTROL_PLANE_ADDRESS}:${API_SERVER_PORT}`,
      networking: { serviceSubnet: SERVICE_NETWORK, podSubnet: POD_NETWORK },
      apiServer: { certSANs: ["localhost", "127.0.0.1"] },
    },
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

/** Makes what is missing. A cluster that was kept goes on with its authorities; its nodes may have become more. */
export async function ensureCertificates(nodes: readonly ClusterNode[]): Promise<void> {
  const configuration = path.join(dataFolder(), "kubeadm.yaml");
  const kubeadm = await goTool("kubeadm");
  const run = async (...args: string[]): Promise<string> => {
    const { failed, stdout, stderr } = await execa(kubeadm, [...args, "--config", configuration], {
      stdin: "ignore",
      reject: false,
    });
    if (failed) {
      const remedy = "./ralex cluster start --reset makes them anew";
      throw new Error(`kubeadm could not make the cluster's certificates; ${remedy}:\n${stderr.trimEnd()}`);
    }
    return stdout;
  };
  fs.writeFileSync(configuration, kubeadmConfiguration());
  await run("init", "phase", "certs", "all");
  await Promise.all(
    clients(nodes).map(async ({ name, user, group }) => {
      const file = clientConfiguration(name);
      if (fs.existsSync(file)) return;
      const text = await run(
        "kubeconfig",
        "user",
        "--client-name",
        user,
        ...(group === undefined ? [] : ["--org", group]),
      );
      writeSecret(file, renamed(text));
    }),
  );
  fs.copyFileSync(clientConfiguration(CONTEXT), kubeconfigPath());
}

function writeSecret(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, text, { mode: 0o600 });
}

interface Kubeconfig {
  clusters: { name: string }[];
  users: { name: string }[];
  contexts: { name: string; context: { cluster: string; user: string } }[];
  "current-context": string;
}

/** A kubeconfig with one name for its context, cluster and user: the one that people and stacks use. */
export function renamed(text: string): string {
  const content = parse(text) as Kubeconfig;
  for (const entry of [...content.clusters, ...content.users, ...content.contexts]) entry.name = CONTEXT;
  for (const { context } of content.contexts) Object.assign(context, { cluster: CONTEXT, user: CONTEXT });
  content["current-context"] = CONTEXT;
  return stringify(content);
}
