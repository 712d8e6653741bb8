/** What the cluster's programs are told. */
import * as path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { clusterNodes } from "../../../../toolchain/cluster/addresses";
import { clients, kubeadmConfiguration, renamed } from "../../../../toolchain/cluster/certificates";
import { clusterRegistryConfiguration, controlPlanePrograms } from "../../../../toolchain/cluster/control-plane";
import {
  containerdConfiguration,
  kubeletConfiguration,
  kubeProxyConfiguration,
  nodePrograms,
  podNetworkConfiguration,
  registryHosts,
} from "../../../../toolchain/cluster/node";
import { certificateFolder, dataFolder } from "../../../../toolchain/cluster/paths";
import { programScript } from "../../../../toolchain/cluster/program";
import { GO_MODULES } from "../../../../toolchain/go-tools";

const [node] = clusterNodes(1);
if (node === undefined) throw new Error("one node is one");
const tools = { kubernetes: "/tools/kubernetes", etcd: "/tools/etcd", pauseImage: "127.0.0.1:5055/cluster/x@sha256:1" };

describe("a program of the cluster", () => {
  test("becomes a script that waits for what it needs, and quotes what a shell would read", () => {
    expect(programScript({ name: "x", command: ["/a b/x", "--flag=$HOME", "plain"], waitsFor: "/run/x.sock" })).toBe(
      "#!/bin/sh\nuntil [ -e /run/x.sock ]; do sleep 0.05; done\nexec '/a b/x' --flag\\=\\$HOME plain\n",
    );
  });

  test("finds every certificate in the folder that kubeadm writes to", () => {
    const programs = controlPlanePrograms(tools);
    expect(programs.map(({ name }) => name)).toEqual([
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "load-balancer",
      "registry",
    ]);
    const files = programs.flatMap(({ command }) => command).filter((word) => /\.(?:crt|key|pub)$/.test(word));
    expect(files).toHaveLength(14);
    for (const file of files) expect(path.dirname(file.replace(/^[^=]+=/, ""))).toBe(certificateFolder());
  });

  test("of the control plane runs with rights by role, and anonymous requests get no more than their own", () => {
    const server = controlPlanePrograms(tools).find(({ name }) => name === "kube-apiserver")?.command ?? [];
    expect(server).toEqual(
      expect.arrayContaining([
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--advertise-address=10.251.0.2",
        "--service-cluster-ip-range=10.96.0.0/16",
      ]),
    );
    expect(server.some((flag) => flag.startsWith("--anonymous-auth"))).toBe(false);
  });

  test("gives a Service of type LoadBalancer its own address with another beginning", () => {
    const program = controlPlanePrograms(tools).find(({ name }) => name === "load-balancer");
    expect(program?.command.slice(2)).toEqual([
      "/tools/kubernetes/kubectl",
      `${dataFolder()}/clients/ralex.conf`,
      "10.96.",
      "10.97.",
    ]);
  });

  test("of a node is told its name and address, and reads nothing of the machine's own configuration", () => {
    const [containerd, kubelet, proxy] = nodePrograms(node, tools);
    expect(kubelet?.command).toEqual(expect.arrayContaining(["--hostname-override=node1", "--node-ip=10.251.0.11"]));
    expect(kubelet?.waitsFor).toBe("/run/containerd/containerd.sock");
    for (const { command = [] } of [containerd, kubelet, proxy].map((program) => ({ command: program?.command }))) {
      const files = command.filter((word) => /\.(?:yaml|toml|conf)$/.test(word));
      for (const file of files) expect(file.replace(/^[^=]+=/, "").startsWith(`${dataFolder()}/`)).toBe(true);
    }
  });
});

describe("images in a node", () => {
  test("come from the cluster's registry, whatever registry a reference names", () => {
    expect(registryHosts()).toBe('[host."http://10.251.0.2:5055"]\n  capabilities = ["pull", "resolve"]\n');
    const text = containerdConfiguration("node1", tools.pauseImage);
    expect(text).toContain(`config_path = "${dataFolder()}/node1/configuration/registries"`);
    expect(text).toContain('sandbox_image = "127.0.0.1:5055/cluster/x@sha256:1"');
  });

  test("are served from the machine's storage, to which the cluster's registry writes nothing", () => {
    expect(parse(clusterRegistryConfiguration("/cache/re: gistry"))).toMatchObject({
      http: { addr: "10.251.0.2:5055" },
      storage: { filesystem: { rootdirectory: "/cache/re: gistry" }, maintenance: { readonly: { enabled: true } } },
    });
  });
});

describe("configuration of a node", () => {
  test("the kubelet lets nobody in without a certificate or a token, and stays out of the machine's folders", () => {
    expect(parse(kubeletConfiguration())).toMatchObject({
      authentication: { anonymous: { enabled: false }, x509: { clientCAFile: `${certificateFolder()}/ca.crt` } },
      authorization: { mode: "Webhook" },
      cgroupDriver: "cgroupfs",
      clusterDNS: ["10.96.0.10"],
      volumePluginDir: "/var/lib/kubelet/volume-plugins",
    });
  });

  test("kube-proxy leaves the machine's table of connections as it is", () => {
    expect(parse(kubeProxyConfiguration("node2"))).toMatchObject({
      hostnameOverride: "node2",
      clusterCIDR: "10.244.0.0/16",
      conntrack: { maxPerCore: 0, min: 0 },
    });
  });

  test("pods get addresses of their node", () => {
    expect(JSON.parse(podNetworkConfiguration(node))).toMatchObject({
      plugins: [{ type: "bridge", ipam: { ranges: [[{ subnet: "10.244.1.0/24" }]] } }, { type: "portmap" }],
    });
  });
});

describe("credentials", () => {
  test("kubeadm is told all that it would look for on the machine or the internet", () => {
    const [init, cluster] = parseAllDocuments(kubeadmConfiguration()).map((document) => document.toJS() as unknown);
    expect(init).toMatchObject({ nodeRegistration: { criSocket: expect.stringMatching(/^unix:/) as string } });
    expect(cluster).toMatchObject({
      kubernetesVersion: `v${GO_MODULES.kubernetes.version}`,
      controlPlaneEndpoint: "10.251.0.2:6443",
      encryptionAlgorithm: "ECDSA-P256",
    });
  });

  test("each part has its own, a kubelet those of its node", () => {
    expect(clients(clusterNodes(2)).filter(({ group }) => group === "system:nodes")).toEqual([
      { name: "node1", user: "system:node:node1", group: "system:nodes" },
      { name: "node2", user: "system:node:node2", group: "system:nodes" },
    ]);
  });

  test("a kubeconfig has one name for its context, cluster and user", () => {
    const text = `apiVersion: v1
clusters: [{name: kubernetes, cluster: {server: "https://10.251.0.2:6443"}}]
users: [{name: someone, user: {client-key-data: KEY}}]
contexts: [{name: someone@kubernetes, context: {cluster: kubernetes, user: someone}}]
current-context: someone@kubernetes
`;
    expect(parse(renamed(text))).toEqual({
      apiVersion: "v1",
      clusters: [{ name: "ralex", cluster: { server: "https://10.251.0.2:6443" } }],
      users: [{ name: "ralex", user: { "client-key-data": "KEY" } }],
      contexts: [{ name: "ralex", context: { cluster: "ralex", user: "ralex" } }],
      "current-context": "ralex",
    });
  });
});
