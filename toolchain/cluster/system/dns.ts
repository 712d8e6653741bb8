/** CoreDNS: names of Services and pods; every other name does not exist, since no other server can be asked. */
import { DNS_ADDRESS } from "../addresses";
import { clusterRights, deployment, type Manifest, READING, RESTRICTED, rule, serviceAccount } from "./manifest";

const NAME = "coredns";
const NAMESPACE = "kube-system";
const LABELS = { "k8s-app": "kube-dns" } as const;

/**
 * Two servers: the one for the cluster's own zones is chosen where a name is in them. "No such name" is an answer;
 * without the second server it would be a failure, which programs ask about again.
 */
export const COREFILE = `(common) {
  errors
  cache 30
  reload
  loadbalance
}
cluster.local in-addr.arpa ip6.arpa {
  import common
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
  }
  prometheus :9153
}
. {
  import common
  health {
    lameduck 5s
  }
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
`;

export const dns = (image: string): readonly Manifest[] => [
  serviceAccount(NAME, NAMESPACE),
  ...clusterRights(NAME, NAMESPACE, [
    rule("", ["services", "pods", "namespaces"], ["list", "watch"]),
    rule("discovery.k8s.io", ["endpointslices"], READING),
  ]),
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: NAME, namespace: NAMESPACE },
    data: { Corefile: COREFILE },
  },
  deployment(NAME, NAMESPACE, LABELS, {
    dnsPolicy: "Default",
    containers: [
      {
        name: NAME,
        image,
        args: ["-conf", "/etc/coredns/Corefile"],
        resources: { limits: { memory: "170Mi" }, requests: { cpu: "50m", memory: "70Mi" } },
        ports: [
          { name: "dns", containerPort: 53, protocol: "UDP" },
          { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
          { name: "metrics", containerPort: 9153, protocol: "TCP" },
        ],
        volumeMounts: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
        livenessProbe: { httpGet: { path: "/health", port: 8080 }, initialDelaySeconds: 60 },
        readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
        securityContext: { ...RESTRICTED, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } },
      },
    ],
    volumes: [{ name: "configuration", configMap: { name: NAME } }],
  }),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-dns", namespace: NAMESPACE, labels: { ...LABELS, "kubernetes.io/name": "CoreDNS" } },
    spec: {
      clusterIP: DNS_ADDRESS,
      selector: LABELS,
      ports: [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53, protocol: "TCP" },
        { name: "metrics", port: 9153, protocol: "TCP" },
      ],
    },
  },
];
