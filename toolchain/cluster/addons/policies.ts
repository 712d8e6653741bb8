/** kube-router as an engine of NetworkPolicies and nothing else: addresses and Services stay with whom they are. */
import { SERVICE_NETWORK } from "../addresses";
import { clusterRights, type Manifest, READING, rule, serviceAccount } from "../system/manifest";

export const POLICIES = { name: "kube-router", namespace: "kube-system" } as const;
const { name: NAME, namespace: NAMESPACE } = POLICIES;
const LABELS = { "k8s-app": NAME } as const;
const HEALTH_PORT = 20_244;

export const networkPolicies = (image: string): readonly Manifest[] => [
  serviceAccount(NAME, NAMESPACE),
  ...clusterRights(NAME, NAMESPACE, [
    rule("", ["namespaces", "pods", "services", "nodes", "endpoints"], READING),
    rule("discovery.k8s.io", ["endpointslices"], READING),
    rule("networking.k8s.io", ["networkpolicies"], READING),
    rule("coordination.k8s.io", ["leases"], ["get", "create", "update"]),
    rule("", ["services/status"], ["update"]),
  ]),
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: NAME,
          priorityClassName: "system-node-critical",
          hostNetwork: true,
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: NAME,
              image,
              args: [
                ...["--run-firewall=true", "--run-router=false", "--run-service-proxy=false"],
                // The allocator of addresses fails without the other controllers.
                "--run-loadbalancer=false",
                `--service-cluster-ip-range=${SERVICE_NETWORK}`,
                ...["--iptables-sync-period=5m", `--health-port=${HEALTH_PORT}`, "--metrics-port=0"],
              ],
              env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
              securityContext: { privileged: true },
              readinessProbe: {
                httpGet: { path: "/healthz", port: HEALTH_PORT, host: "127.0.0.1" },
                periodSeconds: 2,
              },
              volumeMounts: [{ name: "lock", mountPath: "/run/xtables.lock" }],
            },
          ],
          // No folder of modules: the kernel's are loaded before a node starts.
          volumes: [{ name: "lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } }],
        },
      },
    },
  },
];
