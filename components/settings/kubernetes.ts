/** The settings that target kubernetes has beside those of every target. */
import { isIPv4 } from "node:net";
import { z } from "zod";
import { annotations, labels } from "./metadata-lines";
import type { Problem } from "./problem";
import type { SecretSetting } from "./schema";

/** A name of RFC 1123, as Kubernetes wants it of namespaces, classes and secrets. */
export const objectName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a name of Kubernetes: lower-case letters, digits, - and .");

/** What the name of the namespace with access to the nodes has behind that of the application. */
export const OBSERVABILITY = "-observability";

const hostName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    "must be a host name in lower case, or an IPv4 address, without scheme and port",
  );

const gateway = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9.-]*$/,
    "must be <namespace>/<Gateway>/<listener>: kubectl get gateways --all-namespaces lists them",
  );

/** A choice: answers wait for their upstream most of the time, so that a replica takes many at once. */
const REQUESTS_PER_REPLICA = 20;

export const KUBERNETES_SETTINGS = {
  kubeContext: z
    .string()
    .min(1)
    .optional()
    .describe("Context of the kubeconfig (KUBECONFIG) that leads to the cluster"),
  namespace: objectName.optional().describe("Namespace of the application; ralex-<stack> by default"),
  hostName: hostName.optional().describe("Host name of the stack, or an IPv4 address: browsers and clients ask for it"),
  exposure: z
    .enum(["none", "nodePort", "loadBalancer", "ingress", "gateway"])
    .default("none")
    .describe("How the edge is reached from outside: none is kubectl port-forward, gateway an HTTPRoute"),
  nodePort: z.int().min(30_000).max(32_767).default(30_443).describe("TLS port on every node, with exposure nodePort"),
  ingressClass: objectName.optional().describe("Class of the Ingress; the cluster's default one where it is not set"),
  ingressAnnotations: annotations
    .optional()
    .describe("Annotations of the Ingress, a line each: cert-manager.io/cluster-issuer: letsencrypt"),
  tlsSecret: objectName
    .optional()
    .describe(
      "Secret of the namespace with the Ingress' certificate, of type kubernetes.io/tls, cert-manager's for instance; the stack's own authority by default",
    ),
  gateway: gateway
    .optional()
    .describe("With exposure gateway, the listener that ends TLS for hostName: <namespace>/<Gateway>/<listener>"),
  storageClass: objectName.optional().describe("Class of the volumes; the cluster's default one where it is not set"),
  imagePullSecret: objectName
    .optional()
    .describe("Secret of the namespace with the login of the registry, of type kubernetes.io/dockerconfigjson"),
  existingSecret: objectName
    .optional()
    .describe("Secret of the namespace that holds all of the stack's secrets, made by you: none is generated then"),
  openrouterKey: z
    .boolean()
    .default(false)
    .describe("Whether existingSecret has openrouterApiKey, the key of OpenRouter, as default upstream"),
  upstreamKey: z.boolean().default(false).describe("Whether existingSecret has upstreamApiKey, the key of upstreamUrl"),
  logs: z
    .enum(["cluster", "own"])
    .default("cluster")
    .describe("Where logs go: to what the cluster collects them with, or to a log search and a collector of the stack"),
  apiMaxReplicas: z
    .int()
    .min(0)
    .max(20)
    .default(0)
    .describe(
      "Most replicas of the API that its load may bring, by CPU or, with keda, by requests; 0 keeps apiReplicas",
    ),
  keda: objectName
    .optional()
    .describe(
      "Namespace of KEDA, which then scales the API by the requests in flight that the stack's Prometheus sees",
    ),
  apiRequestsPerReplica: z
    .int()
    .min(1)
    .max(1000)
    .default(REQUESTS_PER_REPLICA)
    .describe("With keda, requests in flight for each replica of the API above which another one is started"),
  serviceMonitors: objectName
    .optional()
    .describe(
      "Namespace of the Prometheus Operator's Prometheus, which then scrapes the stack; with monitoring none, in place of its own",
    ),
  serviceMonitorLabels: labels
    .optional()
    .describe("Labels by which that Prometheus finds what is its own, a line each: release: prometheus"),
  priorityClass: objectName.optional().describe("PriorityClass of every pod, which the cluster has to have"),
} as const;

/** What a namespace may be called whose observability namespace is no longer than Kubernetes allows. */
const LONGEST_NAMESPACE = 63 - OBSERVABILITY.length;

const REQUIRED = {
  kubeContext: "is needed on target kubernetes: name the context of the cluster (kubectl config get-contexts)",
  hostName: "is needed on target kubernetes: certificate and browsers have to know it before anything runs",
} as const;

const problem = (key: string, message: string): Problem => ({ key, source: "all settings", message });

/** What clashes with scaling by KEDA, and with what somebody else's Prometheus is told. */
function metricsClashes(parsed: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { keda, monitoring, apiMaxReplicas, apiRequestsPerReplica, serviceMonitors, serviceMonitorLabels } = parsed;
  return [
    ...(keda !== undefined && monitoring === "none"
      ? [problem("keda", "needs monitoring own: KEDA asks the stack's own Prometheus how many requests are in flight")]
      : []),
    ...(keda !== undefined && apiMaxReplicas === 0
      ? [problem("keda", "scales nothing without apiMaxReplicas: set it to the most replicas that there may be")]
      : []),
    ...(keda === undefined &&
    "keda" in parsed &&
    (apiRequestsPerReplica ?? REQUESTS_PER_REPLICA) !== REQUESTS_PER_REPLICA
      ? [problem("apiRequestsPerReplica", "has no effect without keda: CPU is scaled on")]
      : []),
    ...(serviceMonitors === undefined && "serviceMonitors" in parsed && serviceMonitorLabels !== undefined
      ? [
          problem(
            "serviceMonitorLabels",
            "has no effect without serviceMonitors: name the namespace of that Prometheus",
          ),
        ]
      : []),
  ];
}

/** Settings of one way in. */
const ONLY_WITH = {
  ingressClass: "ingress",
  ingressAnnotations: "ingress",
  tlsSecret: "ingress",
  gateway: "gateway",
} as const;

/** Secret settings whose values `existingSecret` has, by the setting that asks for each. */
const HELD = {
  openrouterKey: "openrouterApiKey",
  upstreamKey: "upstreamApiKey",
  postgresUrl: "postgresPassword",
  redisUrl: "redisPassword",
} as const satisfies Readonly<Record<string, SecretSetting>>;

/** Which of the secret settings have their value in the Secret that somebody else makes. */
export function heldInSecret(parsed: Readonly<Record<string, unknown>>): readonly SecretSetting[] {
  if (parsed.existingSecret === undefined) return [];
  const isAsked = (key: string): boolean =>
    parsed[key] !== undefined && parsed[key] !== false && (key !== "upstreamKey" || parsed.upstreamUrl !== undefined);
  return Object.entries(HELD).flatMap(([key, setting]) => (isAsked(key) ? [setting] : []));
}

/** What clashes with the Secret that somebody else makes, and what has a meaning beside it alone. */
function secretClashes(
  parsed: Readonly<Record<string, unknown>>,
  secretsSet: ReadonlySet<SecretSetting>,
): readonly Problem[] {
  const { existingSecret, upstreamKey, upstreamUrl } = parsed;
  const keys = ["openrouterKey", "upstreamKey"] as const;
  if (existingSecret === undefined) {
    if (!("existingSecret" in parsed)) return [];
    return keys
      .filter((key) => parsed[key] === true)
      .map((key) => problem(key, `needs existingSecret, which has the key: without one, set ${HELD[key]}`));
  }
  const belongs = (setting: SecretSetting): Problem => {
    const told = keys.filter((key) => HELD[key] === setting).map((key) => `, and set ${key} to true`);
    return problem(
      setting,
      `belongs into the Secret ${String(existingSecret)}, which existingSecret names: put it there, under the key that ` +
        `docs/kubernetes.md names, and remove it here (pulumi config rm ralex:${setting})${told.join("")}`,
    );
  };
  return [
    ...[...secretsSet].map(belongs),
    ...(upstreamKey === true && "upstreamUrl" in parsed && upstreamUrl === undefined
      ? [problem("upstreamKey", "needs upstreamUrl: say whose key it is")]
      : []),
  ];
}

/**
 * Problems that only show when settings are looked at together.
 * @param parsed - of those that are valid by themselves.
 * @param secretsSet - secret settings that are set in the stack itself.
 */
export function kubernetesClashes(
  parsed: Readonly<Record<string, unknown>>,
  secretsSet: ReadonlySet<SecretSetting>,
): readonly Problem[] {
  const { apiReplicas, apiMaxReplicas, namespace } = parsed as {
    apiReplicas?: number;
    apiMaxReplicas?: number;
    namespace?: string;
  };
  const { hostName } = parsed;
  const ownLogs = parsed.logs === "own";
  const isNamed = parsed.exposure === "ingress" || parsed.exposure === "gateway";
  return [
    ...secretClashes(parsed, secretsSet),
    ...metricsClashes(parsed),
    ...Object.entries(REQUIRED).flatMap(([key, message]) =>
      key in parsed && parsed[key] === undefined ? [problem(key, message)] : [],
    ),
    ...(apiReplicas !== undefined && apiMaxReplicas !== undefined && apiMaxReplicas > 0 && apiMaxReplicas < apiReplicas
      ? [problem("apiMaxReplicas", `is less than apiReplicas (${apiReplicas}), which is where scaling starts`)]
      : []),
    ...Object.entries(ONLY_WITH).flatMap(([key, exposure]) =>
      parsed[key] !== undefined && parsed.exposure !== undefined && parsed.exposure !== exposure
        ? [problem(key, `has no effect unless exposure is ${exposure}`)]
        : [],
    ),
    ...("gateway" in parsed && parsed.gateway === undefined && parsed.exposure === "gateway"
      ? [problem("gateway", "is needed with exposure gateway: name the listener, <namespace>/<Gateway>/<listener>")]
      : []),
    ...(isNamed && typeof hostName === "string" && isIPv4(hostName)
      ? [
          problem(
            "hostName",
            `must be a name with exposure ${String(parsed.exposure)}, which leads here by names alone`,
          ),
        ]
      : []),
    ...(ownLogs && parsed.monitoring === "none"
      ? [
          problem(
            "logs",
            "needs monitoring own, which the log search is part of: set monitoring to own, or logs to cluster",
          ),
        ]
      : []),
    ...(ownLogs && namespace !== undefined && namespace.length > LONGEST_NAMESPACE
      ? [
          problem(
            "namespace",
            `may have ${LONGEST_NAMESPACE} characters with logs own: ${OBSERVABILITY} is added to it`,
          ),
        ]
      : []),
  ];
}
