/** The metrics server: what `kubectl top` and autoscalers read. */
import {
  accountSubject,
  clusterRights,
  clusterRoleBinding,
  deployment,
  type Manifest,
  READING,
  RESTRICTED,
  roleBinding,
  rule,
  serviceAccount,
} from "./manifest";

export const METRICS = { name: "metrics-server", namespace: "kube-system" } as const;
/** API that it serves, below `/apis`. */
export const METRICS_API = "metrics.k8s.io/v1beta1";
const LABELS = { "k8s-app": METRICS.name } as const;
const { name: NAME, namespace: NAMESPACE } = METRICS;

export const metrics = (image: string): readonly Manifest[] => [
  serviceAccount(NAME, NAMESPACE),
  ...clusterRights(NAME, NAMESPACE, [rule("", ["nodes/metrics"], ["get"]), rule("", ["pods", "nodes"], READING)]),
  // It asks the API server who is asking, and whether that one may.
  clusterRoleBinding(`${NAME}:system:auth-delegator`, "system:auth-delegator", accountSubject(NAME, NAMESPACE)),
  roleBinding(
    `${NAME}-auth-reader`,
    NAMESPACE,
    "extension-apiserver-authentication-reader",
    accountSubject(NAME, NAMESPACE),
  ),
  deployment(NAME, NAMESPACE, LABELS, {
    containers: [
      {
        name: NAME,
        image,
        args: [
          "--cert-dir=/tmp",
          "--secure-port=10250",
          "--kubelet-preferred-address-types=InternalIP",
          "--kubelet-use-node-status-port",
          // Kubelets sign their own certificates.
          "--kubelet-insecure-tls",
          // Its first answer needs two measurements. The timeout has to be below the resolution, or it ends.
          "--metric-resolution=10s",
          "--kubelet-request-timeout=9s",
        ],
        resources: { requests: { cpu: "50m", memory: "60Mi" } },
        ports: [{ name: "https", containerPort: 10250, protocol: "TCP" }],
        readinessProbe: { httpGet: { path: "/readyz", port: "https", scheme: "HTTPS" }, periodSeconds: 1 },
        livenessProbe: { httpGet: { path: "/livez", port: "https", scheme: "HTTPS" }, periodSeconds: 10 },
        securityContext: { ...RESTRICTED, runAsNonRoot: true, runAsUser: 65534 },
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      },
    ],
    volumes: [{ name: "tmp", emptyDir: {} }],
  }),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: { selector: LABELS, ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: "https" }] },
  },
  {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1beta1.metrics.k8s.io" },
    spec: {
      group: "metrics.k8s.io",
      version: "v1beta1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: NAME, namespace: NAMESPACE, port: 443 },
    },
  },
];
