/** The settings that target kubernetes has beside those of every target. */
import { z } from "zod";
import type { Problem } from "./problem";

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

export const KUBERNETES_SETTINGS = {
  kubeContext: z
    .string()
    .min(1)
    .optional()
    .describe("Context of the kubeconfig (KUBECONFIG) that leads to the cluster"),
  namespace: objectName.optional().describe("Namespace of the application; ralex-<stack> by default"),
  hostName: hostName.optional().describe("Host name of the stack, or an IPv4 address: browsers and clients ask for it"),
  exposure: z
    .enum(["none", "nodePort", "loadBalancer", "ingress"])
    .default("none")
    .describe("How the edge is reached from outside: none is kubectl port-forward"),
  nodePort: z.int().min(30_000).max(32_767).default(30_443).describe("TLS port on every node, with exposure nodePort"),
  ingressClass: objectName.optional().describe("Class of the Ingress; the cluster's default one where it is not set"),
  storageClass: objectName.optional().describe("Class of the volumes; the cluster's default one where it is not set"),
  imagePullSecret: objectName
    .optional()
    .describe("Secret of the namespace with the login of the registry, of type kubernetes.io/dockerconfigjson"),
  logs: z
    .enum(["cluster", "own"])
    .default("cluster")
    .describe("Where logs go: to what the cluster collects them with, or to a log search and a collector of the stack"),
  apiMaxReplicas: z
    .int()
    .min(0)
    .max(20)
    .default(0)
    .describe("Most replicas of the API that its load may bring, by CPU; 0 keeps apiReplicas"),
} as const;

/** What a namespace may be called whose observability namespace is no longer than Kubernetes allows. */
const LONGEST_NAMESPACE = 63 - OBSERVABILITY.length;

const REQUIRED = {
  kubeContext: "is needed on target kubernetes: name the context of the cluster (kubectl config get-contexts)",
  hostName: "is needed on target kubernetes: certificate and browsers have to know it before anything runs",
} as const;

/** Problems that only show when settings are looked at together. @param parsed - of those that are valid by themselves. */
export function kubernetesClashes(parsed: Readonly<Record<string, unknown>>): readonly Problem[] {
  const problem = (key: string, message: string): Problem => ({ key, source: "all settings", message });
  const { apiReplicas, apiMaxReplicas, namespace } = parsed as {
    apiReplicas?: number;
    apiMaxReplicas?: number;
    namespace?: string;
  };
  const ownLogs = parsed.logs === "own";
  return [
    ...Object.entries(REQUIRED).flatMap(([key, message]) =>
      key in parsed && parsed[key] === undefined ? [problem(key, message)] : [],
    ),
    ...(apiReplicas !== undefined && apiMaxReplicas !== undefined && apiMaxReplicas > 0 && apiMaxReplicas < apiReplicas
      ? [problem("apiMaxReplicas", `is less than apiReplicas (${apiReplicas}), which is where scaling starts`)]
      : []),
    ...(parsed.ingressClass !== undefined && parsed.exposure !== "ingress"
      ? [problem("ingressClass", "has no effect unless exposure is ingress")]
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
