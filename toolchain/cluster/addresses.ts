/** Networks and addresses of the cluster, and the `ip` commands that make them: one line each, for `ip -batch`. */
import { BlockList } from "node:net";

/** Nodes, control plane and, as `.1`, this machine. */
export const NODE_NETWORK = "10.251.0.0/24";
/** A /24 of it belongs to each node. */
export const POD_NETWORK = "10.244.0.0/16";
export const SERVICE_NETWORK = "10.96.0.0/16";
/** What Services of type LoadBalancer get: their own address with another beginning. */
export const LOAD_BALANCER_NETWORK = "10.97.0.0/16";
/** This machine, as nodes and pods see it. */
export const HOST_ADDRESS = "10.251.0.1";
export const CONTROL_PLANE_ADDRESS = "10.251.0.2";
export const API_SERVER_PORT = 6443;
/** Addresses that Kubernetes' own Services get. */
export const DNS_ADDRESS = "10.96.0.10";

/** The machine's end of its link to the cluster. */
export const HOST_INTERFACE = "ralex0";
const UPLINK = "uplink";
const BRIDGE = "fabric";
/** Each takes 100 MB and its own copy of every image. */
export const MOST_NODES = 5;

export interface ClusterNode {
  readonly name: string;
  readonly address: string;
  readonly podNetwork: string;
}

/** @throws Error when it is no number of nodes that a cluster can have */
export function clusterNodes(count: number): readonly ClusterNode[] {
  if (!Number.isInteger(count) || count < 1 || count > MOST_NODES) {
    throw new Error(`a cluster cannot have ${count} nodes; allowed are 1 to ${MOST_NODES}`);
  }
  return Array.from({ length: count }, (_, index) => ({
    name: `node${index + 1}`,
    address: `10.251.0.${11 + index}`,
    podNetwork: `10.244.${index + 1}.0/24`,
  }));
}

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join("");

/** Which node forwards to Services for those that are no node: each could. */
const serviceGateway = (nodes: readonly ClusterNode[]): string => nodes[0]?.address ?? "";

const routes = (nodes: readonly ClusterNode[]): readonly string[] =>
  nodes.map(({ address, podNetwork }) => `route add ${podNetwork} via ${address}`);

/** On this machine: the link to the namespace of a process. Routes vanish with the link. */
export const hostNetwork = (nodes: readonly ClusterNode[], pid: number): string =>
  lines(
    `link add ${HOST_INTERFACE} type veth peer name ${UPLINK} netns ${pid}`,
    `addr add ${HOST_ADDRESS}/24 dev ${HOST_INTERFACE}`,
    `link set ${HOST_INTERFACE} up`,
    ...[SERVICE_NETWORK, LOAD_BALANCER_NETWORK].map((network) => `route add ${network} via ${serviceGateway(nodes)}`),
    ...routes(nodes),
  );

/** In the control plane's namespace: a bridge that joins the nodes. */
export const fabricNetwork = (nodes: readonly ClusterNode[]): string =>
  lines(
    "link set lo up",
    `link add ${BRIDGE} type bridge`,
    `addr add ${CONTROL_PLANE_ADDRESS}/24 dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
    ...nodes.flatMap(({ name }) => [
      `link add ${name} type veth peer name eth0 netns ${name}`,
      `link set ${name} master ${BRIDGE} up`,
    ]),
    `route add ${SERVICE_NETWORK} via ${serviceGateway(nodes)}`,
    ...routes(nodes),
  );

/** There too, once the machine has made the link. */
export const uplinkNetwork = (): string =>
  lines(`link set ${UPLINK} master ${BRIDGE} up`, `route add default via ${HOST_ADDRESS}`);

/** In a node: its address, and the way to the pods of the others. */
export const nodeNetwork = (node: ClusterNode, nodes: readonly ClusterNode[]): string =>
  lines(
    "link set lo up",
    `addr add ${node.address}/24 dev eth0`,
    "link set eth0 up",
    `route add default via ${HOST_ADDRESS}`,
    ...routes(nodes.filter(({ name }) => name !== node.name)),
  );

/** In a node: pods reach the machine, and nothing beyond, as their node. For `iptables-restore`. */
export const nodeTranslation = (): string =>
  lines("*nat", `-A POSTROUTING -s ${POD_NETWORK} ! -d ${POD_NETWORK} -o eth0 -j MASQUERADE`, "COMMIT");

/** A line of `ip -json route show table all`. */
export interface Route {
  readonly dst: string;
  readonly dev?: string;
}

const OWN_NETWORKS = [NODE_NETWORK, LOAD_BALANCER_NETWORK, POD_NETWORK, SERVICE_NETWORK] as const;

/** What of the machine's routes is in the way of the cluster's networks, each with the interface it is on. */
export function addressesInUse(present: readonly Route[]): readonly string[] {
  return present.flatMap(({ dst, dev }) => {
    const isIpv4 = /^\d+\.\d+\.\d+\.\d+(?:\/\d+)?$/.test(dst);
    if (!isIpv4 || dev === HOST_INTERFACE) return [];
    return OWN_NETWORKS.filter((network) => overlap(network, dst)).map(
      (network) => `${network} is wanted, and ${dst} is routed to ${dev ?? "nowhere"}`,
    );
  });
}

function overlap(one: string, other: string): boolean {
  return contains(one, other) || contains(other, one);
}

function contains(network: string, other: string): boolean {
  const [address = "", length = "32"] = network.split("/");
  const list = new BlockList();
  list.addSubnet(address, Number(length));
  return list.check(other.split("/")[0] ?? "");
}
