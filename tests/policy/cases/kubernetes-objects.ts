import { kubernetesAutoscalerConfigureReplicas } from "../../../policy/rules/kubernetes-autoscaler-configure-replicas";
import { kubernetesIngressRequireTls } from "../../../policy/rules/kubernetes-ingress-require-tls";
import { kubernetesNamespaceRequireNetworkPolicy } from "../../../policy/rules/kubernetes-namespace-require-network-policy";
import { kubernetesNamespaceRequirePodSecurity } from "../../../policy/rules/kubernetes-namespace-require-pod-security";
import { kubernetesReleaseDisallowOpaque } from "../../../policy/rules/kubernetes-release-disallow-opaque";
import { kubernetesWorkloadDisableAccountToken } from "../../../policy/rules/kubernetes-workload-disable-account-token";
import { kubernetesWorkloadRequireDisruptionBudget } from "../../../policy/rules/kubernetes-workload-require-disruption-budget";
import { UNKNOWN } from "../../../policy/value";
import {
  ACCOUNT,
  AUTOSCALER,
  BUDGET,
  DEFAULT_DENY,
  DEPLOYMENT,
  GATEWAY,
  INGRESS,
  NAMESPACE,
  RELEASE,
  SERVICE,
} from "../support/kubernetes-samples";
import { remove, set, setIn, type Change, type RuleCases } from "../support/rule-cases";

const POD = "spec.template.spec";
const LEVEL = 'metadata.labels["pod-security.kubernetes.io/enforce"]';
const NO_CONTAINER = { none: "it is about objects beside the pods, and about pods as a whole" };
const only =
  (...indices: readonly number[]): Change["change"] =>
  (resources) =>
    resources.filter((_, index) => indices.includes(index));

const TOKEN = "Deployment api gets the token of its service account";
const APART = "Deployment api has several replicas that may all run on one node";
const UNBUDGETED = "Deployment api has several replicas and no PodDisruptionBudget";
const SCALED = remove("spec.replicas")([DEPLOYMENT]);

export const cases: readonly RuleCases[] = [
  {
    rule: kubernetesWorkloadDisableAccountToken,
    baseline: [DEPLOYMENT, ACCOUNT],
    violations: [
      {
        when: "the pod says nothing",
        change: remove(`${POD}.automountServiceAccountToken`),
        path: `${POD}.automountServiceAccountToken`,
        message: TOKEN,
      },
      {
        when: "the pod wants it",
        change: set(`${POD}.automountServiceAccountToken`, true),
        path: `${POD}.automountServiceAccountToken`,
        message: TOKEN,
      },
      {
        when: "its account is of another namespace",
        change: (all) =>
          setIn(
            1,
            "metadata.namespace",
            "other",
          )(set(`${POD}.serviceAccountName`, "ralex")(remove(`${POD}.automountServiceAccountToken`)(all))),
        path: `${POD}.automountServiceAccountToken`,
        message: TOKEN,
      },
    ],
    allowed: [
      {
        when: "its account has none to give",
        change: (all) => set(`${POD}.serviceAccountName`, "ralex")(remove(`${POD}.automountServiceAccountToken`)(all)),
      },
    ],
    unknown: {
      when: "its account is unknown",
      change: (all) => set(`${POD}.serviceAccountName`, UNKNOWN)(remove(`${POD}.automountServiceAccountToken`)(all)),
      path: `${POD}.serviceAccountName`,
    },
    embedded: NO_CONTAINER,
  },
  {
    rule: kubernetesWorkloadRequireDisruptionBudget,
    baseline: [DEPLOYMENT, BUDGET],
    violations: [
      { when: "there is no budget", change: only(0), path: "spec.replicas", message: UNBUDGETED },
      {
        when: "the budget is for other pods",
        change: setIn(1, "spec.selector.matchLabels.app", "web"),
        path: "spec.replicas",
        message: UNBUDGETED,
      },
      {
        when: "the budget leaves these pods out by an expression",
        change: setIn(1, "spec.selector", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["api"] }] }),
        path: "spec.replicas",
        message: UNBUDGETED,
      },
      {
        when: "the budget is of another namespace",
        change: setIn(1, "metadata.namespace", "other"),
        path: "spec.replicas",
        message: UNBUDGETED,
      },
      {
        when: "nothing spreads them",
        change: remove(`${POD}.topologySpreadConstraints`),
        path: `${POD}.topologySpreadConstraints`,
        message: APART,
      },
      {
        when: "an autoscaler makes several",
        change: () => [...SCALED, AUTOSCALER],
        path: "spec.replicas",
        message: UNBUDGETED,
      },
    ],
    allowed: [
      { when: "there is one replica", change: (all) => only(0)(set("spec.replicas", 1)(all)) },
      { when: "the budget is for every pod", change: setIn(1, "spec.selector", {}) },
      {
        when: "the budget takes these pods in by an expression",
        change: setIn(1, "spec.selector", { matchExpressions: [{ key: "app", operator: "In", values: ["api"] }] }),
      },
      {
        when: "they avoid each other",
        change: (all) => set(`${POD}.affinity.podAntiAffinity`, {})(remove(`${POD}.topologySpreadConstraints`)(all)),
      },
    ],
    unknown: {
      when: "the number of replicas is unknown",
      change: set("spec.replicas", UNKNOWN),
      path: "spec.replicas",
    },
    embedded: NO_CONTAINER,
  },
  {
    rule: kubernetesNamespaceRequireNetworkPolicy,
    baseline: [NAMESPACE, DEFAULT_DENY, DEPLOYMENT],
    violations: [
      {
        when: "what leaves is not refused",
        change: setIn(1, "spec.policyTypes", ["Ingress"]),
        path: "",
        message: "nothing refuses egress by default in namespace ralex",
      },
      {
        when: "what comes is not refused",
        change: setIn(1, "spec.policyTypes", ["Egress"]),
        path: "",
        message: "nothing refuses ingress by default in namespace ralex",
      },
      {
        when: "the policy allows something",
        change: setIn(1, "spec.ingress", [{}]),
        path: "",
        message: "nothing refuses ingress by default in namespace ralex",
      },
      {
        when: "the types are left out, which means what comes",
        change: setIn(1, "spec.policyTypes", undefined),
        path: "",
        message: "nothing refuses egress by default in namespace ralex",
      },
      {
        when: "a pod is in a namespace whose policy refuses one direction only",
        change: (all) => only(1, 2)(setIn(1, "spec.policyTypes", ["Ingress"])(all)),
        path: "",
        message: "nothing refuses egress by default in namespace ralex",
      },
    ],
    allowed: [
      {
        when: "the namespace is the provider's",
        change: ([first, ...rest]) => [
          ...(first ? [first] : []),
          ...rest
            .map((one) => ({ ...one, options: { namespace: "ralex" } }))
            .flatMap((one) => remove("metadata.namespace")([one])),
        ],
      },
      {
        when: "another policy allows a flow",
        change: (all) => [
          ...all,
          ...set("spec.ingress", [{}])(set("spec.podSelector", { matchLabels: { app: "api" } })([DEFAULT_DENY])),
        ],
      },
    ],
    unknown: { when: "the policy is unknown", change: setIn(1, "spec", UNKNOWN) },
    embedded: NO_CONTAINER,
  },
  {
    rule: kubernetesNamespaceRequirePodSecurity,
    baseline: [NAMESPACE, DEPLOYMENT],
    violations: [
      {
        when: "there is no label",
        change: remove("metadata.labels"),
        path: LEVEL,
        message: "namespace ralex does not enforce the restricted level",
      },
      {
        when: "the level is another",
        change: set(LEVEL, "baseline"),
        path: LEVEL,
        message: "namespace ralex does not enforce the restricted level",
      },
      {
        when: "a pod is in a namespace that is not there",
        change: setIn(1, "metadata.namespace", "elsewhere"),
        path: "metadata.namespace",
        message:
          "namespace elsewhere is not among what is judged, so nothing shows that it enforces the restricted level",
      },
    ],
    allowed: [
      {
        when: "its pods may reach the host",
        change: set(LEVEL, "privileged"),
        context: { configuration: { hostAccessNamespaces: ["ralex"] } },
      },
    ],
    unknown: { when: "the level is unknown", change: set(LEVEL, UNKNOWN), path: LEVEL },
    embedded: NO_CONTAINER,
  },
  {
    rule: kubernetesIngressRequireTls,
    baseline: [INGRESS],
    violations: [
      { when: "the Ingress has none", change: remove("spec.tls"), path: "spec.tls", message: "the Ingress has no TLS" },
      {
        when: "a host is left out",
        change: set("spec.rules[1]", { host: "api.ralex.example" }),
        path: "spec.rules[1].host",
        message: "a host of the Ingress is not among those of its TLS",
      },
      {
        when: "the Gateway speaks in clear only",
        change: () => set("spec.listeners", [{ name: "http", protocol: "HTTP", port: 80 }])([GATEWAY]),
        path: "spec.listeners",
        message: "no listener of the Gateway speaks TLS",
      },
      {
        when: "a load balancer leads to Postgres",
        change: () => set("spec.ports", [{ port: 5432 }])([SERVICE]),
        path: "spec.ports[0].port",
        message: "a data store or monitoring is reached from outside the cluster",
      },
      {
        when: "a port of the nodes leads to Prometheus",
        change: () => set("spec", { type: "NodePort", ports: [{ port: 80, targetPort: 9090 }] })([SERVICE]),
        path: "spec.ports[0].port",
        message: "a data store or monitoring is reached from outside the cluster",
      },
    ],
    allowed: [
      { when: "the certificate is for all hosts", change: set("spec.tls", [{ secretName: "tls" }]) },
      { when: "the Gateway has a listener in clear beside the other", change: () => [GATEWAY] },
      { when: "a load balancer leads to the edge", change: () => [SERVICE] },
      {
        when: "Postgres is inside",
        change: () => set("spec", { type: "ClusterIP", ports: [{ port: 5432 }] })([SERVICE]),
      },
    ],
    unknown: { when: "its TLS is unknown", change: set("spec.tls", UNKNOWN), path: "spec.tls" },
    embedded: NO_CONTAINER,
  },
  {
    rule: kubernetesAutoscalerConfigureReplicas,
    baseline: [AUTOSCALER, ...SCALED],
    violations: [
      {
        when: "the workload sets replicas too",
        change: setIn(1, "spec.replicas", 3),
        path: "spec.replicas",
        message: "Deployment api sets replicas, which its autoscaler sets too",
      },
      {
        when: "there is no upper bound",
        change: remove("spec.maxReplicas"),
        path: "spec.maxReplicas",
        message: "the autoscaler has no upper bound",
      },
      {
        when: "it may go down to one",
        change: remove("spec.minReplicas"),
        path: "spec.minReplicas",
        message: "the autoscaler may go below 2 replicas",
      },
    ],
    allowed: [
      { when: "development goes down to one", change: remove("spec.minReplicas"), context: { isPromoted: false } },
      {
        when: "another workload sets replicas",
        change: (all) => setIn(1, "metadata.name", "web")(setIn(1, "spec.replicas", 3)(all)),
      },
    ],
    unknown: { when: "the lower bound is unknown", change: set("spec.minReplicas", UNKNOWN), path: "spec.minReplicas" },
    embedded: NO_CONTAINER,
  },
  {
    rule: kubernetesReleaseDisallowOpaque,
    baseline: [RELEASE],
    context: { configuration: { registries: ["registry.example/ralex"] } },
    violations: [
      {
        when: "the chart is a folder",
        change: (all) => set("chart", "../charts/ralex")(remove("repositoryOpts")(all)),
        path: "chart",
        message: "the Release hides what our own chart makes",
      },
      {
        when: "the chart comes from our own registry",
        change: set("chart", "oci://registry.example/ralex/charts/ralex"),
        path: "chart",
        message: "the Release hides what our own chart makes",
      },
    ],
    allowed: [{ when: "the chart comes from another registry", change: set("chart", "oci://ghcr.io/acme/chart") }],
    unknown: { when: "the chart is unknown", change: set("chart", UNKNOWN), path: "chart" },
    embedded: NO_CONTAINER,
  },
];
