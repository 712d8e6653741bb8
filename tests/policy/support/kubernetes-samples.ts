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
