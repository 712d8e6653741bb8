import { kubernetesWorkloadDisallowHostAccess } from "../../../policy/rules/kubernetes-workload-disallow-host-access";
import { kubernetesWorkloadDisallowRoot } from "../../../policy/rules/kubernetes-workload-disallow-root";
import { kubernetesWorkloadRequireProbes } from "../../../policy/rules/kubernetes-workload-require-probes";
import { kubernetesWorkloadRequireReadOnlyRoot } from "../../../policy/rules/kubernetes-workload-require-read-only-root";
import { kubernetesWorkloadRequireResources } from "../../../policy/rules/kubernetes-workload-require-resources";
import { kubernetesWorkloadRequireRestrictedContext } from "../../../policy/rules/kubernetes-workload-require-restricted-context";
import { UNKNOWN } from "../../../policy/value";
import { CRON_JOB, DEPLOYMENT, IMAGE } from "../support/kubernetes-samples";
import { remove, set, type Mutation, type RuleCases } from "../support/rule-cases";

const POD = "spec.template.spec";
const MAIN = `${POD}.containers[0]`;
const INIT = `${POD}.initContainers[0]`;
const CONTEXT = `${MAIN}.securityContext`;

/** A value that is put at a path of the workload, and what that makes of a container. */
const put = (when: string, path: string, value: unknown, message: string): Mutation => ({
  when,
  change: set(path, value),
  path,
  message,
});
const taken = (when: string, path: string, message: string): Mutation => put(when, path, undefined, message);

const ROOT = "may run as root: runAsNonRoot is not true";
const ESCALATION = "may gain privileges: allowPrivilegeEscalation is not false";
const WRITABLE = "can write to its root filesystem: readOnlyRootFilesystem is not true";
const HOST_ACCESS = { configuration: { hostAccessNamespaces: ["ralex"] } };

export const cases: readonly RuleCases[] = [
  {
    rule: kubernetesWorkloadDisallowRoot,
    baseline: [DEPLOYMENT],
    violations: [
      put("the container may be root", `${CONTEXT}.runAsNonRoot`, false, `container api ${ROOT}`),
      put("the container's user is root", `${CONTEXT}.runAsUser`, 0, "container api runs as user 0, which is root"),
      {
        when: "a CronJob's pod says nothing",
        change: () =>
          remove(`spec.jobTemplate.${POD}.securityContext`)(
            remove(`spec.jobTemplate.${POD}.initContainers`)([CRON_JOB]),
          ),
        path: `spec.jobTemplate.${MAIN}.securityContext.runAsNonRoot`,
        message: `container api ${ROOT}`,
      },
    ],
    allowed: [
      {
        when: "each container says so itself",
        change: (all) =>
          remove(`${POD}.securityContext`)(
            set(`${CONTEXT}.runAsNonRoot`, true)(set(`${INIT}.securityContext.runAsNonRoot`, true)(all)),
          ),
      },
      { when: "the namespace may reach the host", change: set(`${CONTEXT}.runAsUser`, 0), context: HOST_ACCESS },
    ],
    unknown: {
      when: "it is unknown",
      change: set(`${CONTEXT}.runAsNonRoot`, UNKNOWN),
      path: `${CONTEXT}.runAsNonRoot`,
    },
    embedded: [
      put("an init container may be", `${INIT}.securityContext.runAsNonRoot`, false, `container wait ${ROOT}`),
    ],
  },
  {
    rule: kubernetesWorkloadRequireRestrictedContext,
    baseline: [DEPLOYMENT],
    violations: [
      taken("escalation is not forbidden", `${CONTEXT}.allowPrivilegeEscalation`, `container api ${ESCALATION}`),
      put("escalation is allowed", `${CONTEXT}.allowPrivilegeEscalation`, true, `container api ${ESCALATION}`),
      put(
        "some capabilities are dropped only",
        `${CONTEXT}.capabilities.drop`,
        ["NET_RAW"],
        "container api keeps capabilities: ALL is not dropped",
      ),
      {
        when: "a capability is added",
        change: set(`${CONTEXT}.capabilities.add`, ["NET_BIND_SERVICE", "SYS_ADMIN"]),
        path: `${CONTEXT}.capabilities.add[1]`,
        message: "container api adds a capability other than NET_BIND_SERVICE",
      },
      put(
        "there is no seccomp profile",
        `${CONTEXT}.seccompProfile.type`,
        "Unconfined",
        "container api has no seccomp profile",
      ),
    ],
    allowed: [
      { when: "a low port is bound", change: set(`${CONTEXT}.capabilities.add`, ["NET_BIND_SERVICE"]) },
      {
        when: "the profile is of the node",
        change: set(`${CONTEXT}.seccompProfile`, { type: "Localhost", localhostProfile: "x" }),
      },
    ],
    unknown: { when: "its context is unknown", change: set(CONTEXT, UNKNOWN), path: CONTEXT },
    embedded: [
      put(
        "an init container may gain them",
        `${INIT}.securityContext.allowPrivilegeEscalation`,
        true,
        `container wait ${ESCALATION}`,
      ),
    ],
  },
  {
    rule: kubernetesWorkloadDisallowHostAccess,
    baseline: [DEPLOYMENT],
    violations: [
      put("a container is privileged", `${CONTEXT}.privileged`, true, "container api is privileged"),
      put("the pod shares the network", `${POD}.hostNetwork`, true, "the pod shares a namespace of its node"),
      put("the pod shares processes", `${POD}.hostPID`, true, "the pod shares a namespace of its node"),
      put("the pod shares memory", `${POD}.hostIPC`, true, "the pod shares a namespace of its node"),
      {
        when: "a volume is a path of the node",
        change: set(`${POD}.volumes`, [{ name: "logs", hostPath: { path: "/var/log" } }]),
        path: `${POD}.volumes[0].hostPath`,
        message: "a volume is a path of the node",
      },
      {
        when: "a port is the node's",
        change: set(`${MAIN}.ports[0].hostPort`, 8000),
        path: `${MAIN}.ports[0].hostPort`,
        message: "container api takes a port of the node",
      },
      {
        ...put(
          "a container is privileged where the host may be reached",
          `${CONTEXT}.privileged`,
          true,
          "container api is privileged",
        ),
        context: HOST_ACCESS,
      },
    ],
    allowed: [
      {
        when: "its namespace may reach the host",
        change: set(`${POD}.volumes`, [{ name: "logs", hostPath: { path: "/var/log" } }]),
        context: HOST_ACCESS,
      },
      { when: "it says that it shares nothing", change: set(`${POD}.hostNetwork`, false) },
      { when: "volumes are the pod's own", change: set(`${POD}.volumes`, [{ name: "tmp", emptyDir: {} }]) },
    ],
    unknown: {
      when: "whether it is privileged is unknown",
      change: set(`${CONTEXT}.privileged`, UNKNOWN),
      path: `${CONTEXT}.privileged`,
    },
    embedded: [
      put(
        "an init container is privileged",
        `${INIT}.securityContext.privileged`,
        true,
        "container wait is privileged",
      ),
    ],
  },
  {
    rule: kubernetesWorkloadRequireReadOnlyRoot,
    baseline: [DEPLOYMENT],
    violations: [
      taken("nothing is said", `${CONTEXT}.readOnlyRootFilesystem`, `container api ${WRITABLE}`),
      put("it is writable", `${CONTEXT}.readOnlyRootFilesystem`, false, `container api ${WRITABLE}`),
    ],
    unknown: {
      when: "it is unknown",
      change: set(`${CONTEXT}.readOnlyRootFilesystem`, UNKNOWN),
      path: `${CONTEXT}.readOnlyRootFilesystem`,
    },
    embedded: [
      put(
        "an init container's is writable",
        `${INIT}.securityContext.readOnlyRootFilesystem`,
        false,
        `container wait ${WRITABLE}`,
      ),
    ],
  },
  {
    rule: kubernetesWorkloadRequireResources,
    baseline: [DEPLOYMENT],
    violations: [
      taken("there is no memory limit", `${MAIN}.resources.limits.memory`, "container api has no memory limit"),
      {
        when: "no CPU is requested or limited",
        change: (all) => remove(`${MAIN}.resources.requests.cpu`)(remove(`${MAIN}.resources.limits.cpu`)(all)),
        path: `${MAIN}.resources.requests.cpu`,
        message: "container api requests no cpu",
      },
      put(
        "it requests more memory than it may have",
        `${MAIN}.resources.requests.memory`,
        "1Gi",
        "container api requests more memory than its limit",
      ),
      put(
        "it requests more CPU than it may have",
        `${MAIN}.resources.requests.cpu`,
        "1001m",
        "container api requests more cpu than its limit",
      ),
    ],
    allowed: [
      { when: "there is no CPU limit", change: remove(`${MAIN}.resources.limits.cpu`) },
      { when: "the request is left to be the limit", change: remove(`${MAIN}.resources.requests`) },
      {
        when: "amounts are numbers",
        change: set(`${MAIN}.resources`, { requests: { cpu: 0.1, memory: 1e8 }, limits: { cpu: 1, memory: 1e8 } }),
      },
      {
        when: "a debugging container has none",
        change: set(`${POD}.ephemeralContainers[0]`, { name: "debug", image: IMAGE }),
      },
    ],
    unknown: {
      when: "its resources are unknown",
      change: set(`${MAIN}.resources`, UNKNOWN),
      path: `${MAIN}.resources`,
    },
    embedded: [
      taken(
        "an init container has no memory limit",
        `${INIT}.resources.limits.memory`,
        "container wait has no memory limit",
      ),
    ],
  },
  {
    rule: kubernetesWorkloadRequireProbes,
    baseline: [DEPLOYMENT],
    violations: [
      taken("there is no readiness probe", `${MAIN}.readinessProbe`, "container api has no readiness probe"),
      taken("there is no liveness probe", `${MAIN}.livenessProbe`, "container api has no liveness probe"),
      taken("there is no startup probe", `${MAIN}.startupProbe`, "container api has no startup probe"),
      put(
        "liveness asks for readiness",
        `${MAIN}.livenessProbe.httpGet.path`,
        "/ready",
        "container api is killed when it is not ready: liveness asks for readiness",
      ),
    ],
    allowed: [
      {
        when: "a container has no port",
        change: (all) => remove(`${MAIN}.readinessProbe`)(remove(`${MAIN}.ports`)(all)),
      },
      { when: "liveness opens a connection", change: set(`${MAIN}.livenessProbe`, { tcpSocket: { port: 8000 } }) },
      { when: "an init container runs to its end", change: set(`${INIT}.ports`, [{ containerPort: 1 }]) },
    ],
    unknown: {
      when: "a probe is unknown",
      change: set(`${MAIN}.readinessProbe`, UNKNOWN),
      path: `${MAIN}.readinessProbe`,
    },
    embedded: [
      {
        when: "a sidecar among the init containers has no readiness probe",
        change: set(`${INIT}`, {
          ...{ name: "proxy", image: IMAGE, restartPolicy: "Always", ports: [{ containerPort: 1 }] },
          ...{ startupProbe: { tcpSocket: { port: 1 } }, livenessProbe: { tcpSocket: { port: 1 } } },
        }),
        path: `${INIT}.readinessProbe`,
        message: "container proxy has no readiness probe",
      },
    ],
  },
];
