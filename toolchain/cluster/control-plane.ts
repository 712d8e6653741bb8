/** Programs that Kubernetes is run by, with their flags: etcd, the API server and those that work on it, a registry. */
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import {
  API_SERVER_PORT,
  CONTROL_PLANE_ADDRESS,
  LOAD_BALANCER_NETWORK,
  POD_NETWORK,
  SERVICE_NETWORK,
} from "./addresses";
import { certificateFolder, clientConfiguration, CONTEXT, controlPlaneFolder, scriptFolder } from "./paths";
import { flags, type Program } from "./program";

const ETCD = "http://127.0.0.1:2379";
/** Where nodes get images: the machine's registry is on its loopback, which they do not reach. */
const REGISTRY_PORT = 5055;
export const CLUSTER_REGISTRY = `${CONTROL_PLANE_ADDRESS}:${REGISTRY_PORT}`;

export interface ControlPlaneTools {
  /** Folder with the programs of Kubernetes. */
  readonly kubernetes: string;
  readonly etcd: string;
}

export function controlPlanePrograms(tools: ControlPlaneTools): readonly Program[] {
  const certificate = (name: string): string => path.join(certificateFolder(), name);
  const kubernetes = (name: string): string => path.join(tools.kubernetes, name);
  return [
    {
      name: "etcd",
      command: [
        path.join(tools.etcd, "etcd"),
        ...flags({
          "data-dir": path.join(controlPlaneFolder(), "etcd"),
          "listen-client-urls": ETCD,
          "advertise-client-urls": ETCD,
          "log-level": "warn",
          // The cluster's data outlive its programs, and not a power failure.
          "unsafe-no-fsync": true,
        }),
      ],
    },
    {
      name: "kube-apiserver",
      command: [
        kubernetes("kube-apiserver"),
        ...flags({
          "etcd-servers": ETCD,
          "advertise-address": CONTROL_PLANE_ADDRESS,
          "secure-port": API_SERVER_PORT,
          "service-cluster-ip-range": SERVICE_NETWORK,
          "client-ca-file": certificate("ca.crt"),
          "tls-cert-file": certificate("apiserver.crt"),
          "tls-private-key-file": certificate("apiserver.key"),
          "kubelet-client-certificate": certificate("apiserver-kubelet-client.crt"),
          "kubelet-client-key": certificate("apiserver-kubelet-client.key"),
          "kubelet-preferred-address-types": "InternalIP",
          "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
          "service-account-key-file": certificate("sa.pub"),
          "service-account-signing-key-file": certificate("sa.key"),
          "authorization-mode": "Node,RBAC",
          "enable-admission-plugins": "NodeRestriction",
          "allow-privileged": true,
          // No kube-proxy serves the control plane: it reaches aggregated APIs and webhooks by their pods.
          "enable-aggregator-routing": true,
          "requestheader-client-ca-file": certificate("front-proxy-ca.crt"),
          "requestheader-allowed-names": "front-proxy-client",
          "requestheader-extra-headers-prefix": "X-Remote-Extra-",
          "requestheader-group-headers": "X-Remote-Group",
          "requestheader-username-headers": "X-Remote-User",
          "proxy-client-cert-file": certificate("front-proxy-client.crt"),
          "proxy-client-key-file": certificate("front-proxy-client.key"),
        }),
      ],
    },
    {
      name: "kube-controller-manager",
      command: [
        kubernetes("kube-controller-manager"),
        ...flags({
          kubeconfig: clientConfiguration("kube-controller-manager"),
          "cluster-cidr": POD_NETWORK,
          "service-cluster-ip-range": SERVICE_NETWORK,
          // Which pods a node has is fixed by its name: routes to them are made beforehand.
          "allocate-node-cidrs": false,
          "service-account-private-key-file": certificate("sa.key"),
          "root-ca-file": certificate("ca.crt"),
          "cluster-signing-cert-file": certificate("ca.crt"),
          "cluster-signing-key-file": certificate("ca.key"),
          "use-service-account-credentials": true,
          // Its default is below /usr, which is the machine's.
          "flex-volume-plugin-dir": "/run/volume-plugins",
          "leader-elect": false,
        }),
      ],
    },
    {
      name: "kube-scheduler",
      command: [
        kubernetes("kube-scheduler"),
        ...flags({ kubeconfig: clientConfiguration("kube-scheduler"), "leader-elect": false }),
      ],
    },
    {
      name: "load-balancer",
      command: [
        ...(["sh", path.join(scriptFolder(), "load-balancer.sh")] as const),
        ...[kubernetes("kubectl"), clientConfiguration(CONTEXT)],
        ...[SERVICE_NETWORK, LOAD_BALANCER_NETWORK].map((network) => network.replace(/0\.0\/16$/, "")),
      ],
    },
    { name: "registry", command: ["/usr/bin/docker-registry", "serve", registryFile()] },
  ];
}

const registryFile = (): string => path.join(controlPlaneFolder(), "registry.yml");

/** Serves what the machine's registry has stored, from the same folder, and takes nothing. */
export const clusterRegistryConfiguration = (storage: string): string =>
  stringify({
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, maintenance: { readonly: { enabled: true } } },
    http: { addr: CLUSTER_REGISTRY },
  });

export function writeClusterRegistry(storage: string): void {
  fs.mkdirSync(controlPlaneFolder(), { recursive: true });
  fs.writeFileSync(registryFile(), clusterRegistryConfiguration(storage));
}
