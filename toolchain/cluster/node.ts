/** What a node runs: containerd, kubelet and kube-proxy, with their configuration. */
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { type ClusterNode, DNS_ADDRESS, nodeNetwork, nodeTranslation, POD_NETWORK } from "./addresses";
import { CLUSTER_REGISTRY } from "./control-plane";
import { certificateFolder, clientConfiguration, nodeFolder } from "./paths";
import { flags, type Program, writePrograms } from "./program";

const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";
/** Debian's place of the network plugins. */
const NETWORK_PLUGINS = "/usr/lib/cni";

export interface NodeTools {
  /** Folder with the programs of Kubernetes. */
  readonly kubernetes: string;
  /** Image of the process that holds a pod's namespaces, by digest. */
  readonly pauseImage: string;
}

/** Every program's configuration stands in the node's own folder, so the machine's /etc plays no part. */
const configurationFolder = (node: string): string => path.join(nodeFolder(node), "configuration");

export function nodePrograms({ name, address }: ClusterNode, { kubernetes }: NodeTools): readonly Program[] {
  const configuration = configurationFolder(name);
  return [
    { name: "containerd", command: ["containerd", "--config", path.join(configuration, "containerd.toml")] },
    {
      name: "kubelet",
      waitsFor: CONTAINERD_SOCKET,
      command: [
        path.join(kubernetes, "kubelet"),
        ...flags({
          config: path.join(configuration, "kubelet.yaml"),
          kubeconfig: clientConfiguration(name),
          "hostname-override": name,
          "node-ip": address,
        }),
      ],
    },
    {
      name: "kube-proxy",
      command: [path.join(kubernetes, "kube-proxy"), ...flags({ config: path.join(configuration, "kube-proxy.yaml") })],
    },
  ];
}

/** Of Debian's containerd 1.6, which reads the second version of the format. */
export const containerdConfiguration = (node: string, pauseImage: string): string => {
  const inNode = (name: string): string => JSON.stringify(path.join(configurationFolder(node), name));
  return `version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[plugins."io.containerd.grpc.v1.cri"]
  # The cluster's own processes may not be given more weight than the machine has given them.
  restrict_oom_score_adj = true
  sandbox_image = ${JSON.stringify(pauseImage)}
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = ${inNode("registries")}
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = ${JSON.stringify(NETWORK_PLUGINS)}
  conf_dir = ${inNode("networks")}
`;
};

/** Whatever registry a reference names, the cluster's is asked: no other can be reached. */
export const registryHosts = (): string =>
  `[host."http://${CLUSTER_REGISTRY}"]\n  capabilities = ["pull", "resolve"]\n`;

/** Pods of a node are on one bridge; those of other nodes are reached by routes. */
export const podNetworkConfiguration = ({ podNetwork }: ClusterNode): string =>
  JSON.stringify(
    {
      cniVersion: "1.0.0",
      name: "pods",
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          // A pod reaches itself through its own Service.
          hairpinMode: true,
          ipam: { type: "host-local", ranges: [[{ subnet: podNetwork }]], routes: [{ dst: "0.0.0.0/0" }] },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    },
    null,
    2,
  );

export const kubeletConfiguration = (): string =>
  stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: path.join(certificateFolder(), "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // Pods with dnsPolicy Default get no name server: the machine's is on its loopback, if anywhere.
    resolvConf: "",
    // The disk is the machine's, and others fill it too: pods are evicted only when it is as good as full,
    evictionHard: { "imagefs.available": "1%", "nodefs.available": "1%", "memory.available": "100Mi" },
    // and images, which no registry would have again after the machine's is cleared, are kept.
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
    // Its default is below /usr, which is the machine's.
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
  });

export const kubeProxyConfiguration = (node: string): string =>
  stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: clientConfiguration("kube-proxy") },
    clusterCIDR: POD_NETWORK,
    hostnameOverride: node,
    mode: "iptables",
    // The table of connections is the machine's.
    conntrack: { maxPerCore: 0, min: 0 },
  });

/** Writes all that the node's init reads. */
export function writeNode(node: ClusterNode, nodes: readonly ClusterNode[], tools: NodeTools): void {
  const { name } = node;
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  };
  const configuration = configurationFolder(name);
  write(path.join(configuration, "containerd.toml"), containerdConfiguration(name, tools.pauseImage));
  write(path.join(configuration, "registries", "_default", "hosts.toml"), registryHosts());
  write(path.join(configuration, "networks", "10-pods.conflist"), podNetworkConfiguration(node));
  write(path.join(configuration, "kubelet.yaml"), kubeletConfiguration());
  write(path.join(configuration, "kube-proxy.yaml"), kubeProxyConfiguration(name));
  write(path.join(nodeFolder(name), "network"), nodeNetwork(node, nodes));
  write(path.join(nodeFolder(name), "translation"), nodeTranslation());
  writePrograms(nodeFolder(name), nodePrograms(node, tools));
}
