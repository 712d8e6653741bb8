/** Kubernetes resources that keep every rule. */
import { resource } from "./rule-cases";

export const DIGEST = `sha256:${"a".repeat(64)}`;
export const OTHER_DIGEST = `sha256:${"b".repeat(64)}`;
export const IMAGE = `registry.example/ralex/ralex-api@${DIGEST}`;

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

const resources = {
  requests: { cpu: "100m", memory: "256Mi" },
  limits: { cpu: "1", memory: "512Mi" },
};

const main = {
  name: "api",
  image: IMAGE,
  env: [
    { name: "LOG_LEVEL", value: "info" },
    { name: "API_KEY", valueFrom: { secretKeyRef: { name: "api", key: "key" } } },
  ],
  ports: [{ name: "http", containerPort: 8000 }],
  resources,
  securityContext: restricted,
  startupProbe: { httpGet: { path: "/health", port: "http" } },
  livenessProbe: { httpGet: { path: "/health", port: "http" } },
  readinessProbe: { httpGet: { path: "/ready", port: "http" } },
};

const init = { name: "wait", image: IMAGE, resources, securityContext: restricted };

export const POD_SPEC = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { app: "api" } },
    },
  ],
  initContainers: [init],
  containers: [main],
};

const metadata = { name: "api", namespace: "ralex", labels: { app: "api" } };

export const DEPLOYMENT = resource("kubernetes:apps/v1:Deployment", {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata,
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "api" } },
    template: { metadata: { labels: { app: "api" } }, spec: POD_SPEC },
  },
});

export const CRON_JOB = resource("kubernetes:batch/v1:CronJob", {
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata,
  spec: {
    schedule: "0 3 * * *",
    jobTemplate: { spec: { template: { metadata: { labels: { app: "api" } }, spec: POD_SPEC } } },
  },
});

export const NAMESPACE = resource("kubernetes:core/v1:Namespace", {
  metadata: { name: "ralex", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});

export const DEFAULT_DENY = resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", {
  metadata: { name: "default-deny", namespace: "ralex" },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
});

export const BUDGET = resource("kubernetes:policy/v1:PodDisruptionBudget", {
  metadata: { name: "api", namespace: "ralex" },
  spec: { minAvailable: 1, selector: { matchLabels: { app: "api" } } },
});

export const AUTOSCALER = resource("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", {
  metadata: { name: "api", namespace: "ralex" },
  spec: { minReplicas: 2, maxReplicas: 4, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "api" } },
});

export const ACCOUNT = resource("kubernetes:core/v1:ServiceAccount", {
  metadata: { name: "ralex", namespace: "ralex" },
  automountServiceAccountToken: false,
});

export const INGRESS = resource("kubernetes:networking.k8s.io/v1:Ingress", {
  metadata: { name: "ralex", namespace: "ralex" },
  spec: { tls: [{ hosts: ["ralex.example"], secretName: "tls" }], rules: [{ host: "ralex.example" }] },
});

export const GATEWAY = resource("kubernetes:gateway.networking.k8s.io/v1:Gateway", {
  metadata: { name: "ralex", namespace: "ralex" },
  spec: {
    listeners: [
      { name: "http", protocol: "HTTP", port: 80 },
      { name: "https", protocol: "HTTPS", port: 443 },
    ],
  },
});

export const SERVICE = resource("kubernetes:core/v1:Service", {
  metadata: { name: "edge", namespace: "ralex" },
  spec: { type: "LoadBalancer", ports: [{ port: 443, targetPort: 8443 }] },
});

export const RELEASE = resource("kubernetes:helm.sh/v3:Release", {
  chart: "ingress-nginx",
  repositoryOpts: { repo: "https://kubernetes.github.io/ingress-nginx" },
});
