/** Where the cluster keeps things. There is one on a machine: its addresses are fixed. */
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheRoot, RUN_FOLDER } from "../paths";

/** Name of the context, the cluster and the user in the kubeconfig. */
export const CONTEXT = "ralex";

/** Process id, record, kubeconfig; gone after a stop. */
export const runFolder = (): string => path.join(RUN_FOLDER, "cluster");
/** For administrators, of mode 0600. There while the cluster is; nothing is ever written to ~/.kube. */
export const kubeconfigPath = (): string => path.join(runFolder(), "kubeconfig");
/** A link to the data of the cluster that runs: whoever stops it may have another RALEX_CACHE_DIR. */
export const dataLink = (): string => path.join(runFolder(), "data");
/** Certificates, etcd's data, and the nodes' file systems. */
export function dataFolder(): string {
  const runs = fs.lstatSync(dataLink(), { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return runs ? fs.readlinkSync(dataLink()) : path.join(cacheRoot(), "cluster");
}
/** Copies of the scripts in `namespaces`: a checkout may be where nodes have folders of their own, or be moved. */
export const scriptFolder = (): string => path.join(dataFolder(), "scripts");
export const logFolder = (): string => path.join(dataFolder(), "logs");
export const certificateFolder = (): string => path.join(dataFolder(), "pki");
/** Credentials of a part of the cluster, for the control plane's address. */
export const clientConfiguration = (client: string): string => path.join(dataFolder(), "clients", `${client}.conf`);
export const controlPlaneFolder = (): string => path.join(dataFolder(), "control-plane");
export const nodeFolder = (node: string): string => path.join(dataFolder(), node);
