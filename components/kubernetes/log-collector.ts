/** What reads the logs of a stack's pods on every node, as plain data. It asks no API server: names of files tell all. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { FILES_FOLDER, type Application } from "../app/model";
import type { ImageRef } from "../image/image-ref";
import { CONFINEMENT } from "./confinement";
import { filesHash, PLAIN_MODE } from "./files";
import { FILES_ANNOTATION, filesName, labels, observabilityOf, portsOf, selector } from "./names";
import { DEFAULT_DENY, DNS, elsewhere, type Policy } from "./policies";
import { cpuQuantity, memoryQuantity } from "./quantities";

/** The collector of an application, and where it sends to. */
export interface LogCollector {
  readonly name: string;
  readonly image: string;
  /** Service and port that take OTLP over HTTP. */
  readonly store: { readonly service: string; readonly port: number; readonly protocol: string };
}

/** Undefined where the cluster keeps the logs. @throws Error for a port that the store does not have: a fault of the model. */
export function logCollectorOf({ logs, services }: Application): LogCollector | undefined {
  if (logs?.collector === undefined) return undefined;
  const store = services.find(({ name }) => name === logs.service);
  const port = store === undefined ? undefined : portsOf(store).find(({ name }) => name === logs.port);
  if (port === undefined) throw new Error(`${logs.service} has no port ${logs.port}`);
  return { ...logs.collector, store: { service: logs.service, port: port.number, protocol: port.protocol } };
}

/** Where kubelets keep the output of containers, as `<namespace>_<pod>_<uid>/<container>/<restarts>.log`. */
const LOGS_FOLDER = "/var/log/pods";
/** How far each file was read: without it a collector that is replaced would send everything once more. */
const STATE_FOLDER = "/var/lib/log-collector";
const HEALTH_PORT = 13133;
const CONFIGURATION = "collector.json";

/** Fields that make a stream: what is searched by them is found without reading the rest. */
const STREAM_FIELDS = ["k8s.namespace.name", "k8s.pod.name", "k8s.container.name"];

/** @param address - host and port of the log store. @param folders - where logs and state are; other ones in a test. */
export function collectorConfiguration(
  namespace: string,
  address: string,
  folders = { logs: LOGS_FOLDER, state: STATE_FOLDER },
  health = `0.0.0.0:${HEALTH_PORT}`,
): string {
  const forEver = { enabled: true, initial_interval: "1s", max_interval: "15s", max_elapsed_time: "0s" };
  const configuration = {
    extensions: {
      file_storage: { directory: folders.state, recreate: true },
      health_check: { endpoint: health },
    },
    receivers: {
      file_log: {
        // No name of a namespace has an underscore: those of others do not begin like this.
        include: [`${folders.logs}/${namespace}_*/*/*.log`],
        include_file_name: false,
        include_file_path: true,
        poll_interval: "1s",
        preserve_trailing_whitespaces: true,
        retry_on_failure: forEver,
        start_at: "beginning",
        storage: "file_storage",
        operators: [
          // Takes a line of the container runtime apart, puts parts of long ones together, and reads the file's name.
          { type: "container" },
          { type: "remove", field: 'attributes["log.file.path"]', on_error: "send_quiet" },
          { type: "json_parser", if: 'body matches "^{"', on_error: "send_quiet" },
          // The runtime's own time has nanoseconds, so that lines stay in order.
          { type: "remove", field: "attributes.time", if: "attributes.time != nil" },
          { type: "move", from: "attributes.message", to: "body", if: "attributes.message != nil" },
        ],
      },
    },
    exporters: {
      otlp_http: {
        headers: { "VL-Stream-Fields": STREAM_FIELDS.join(",") },
        logs_endpoint: `http://${address}/insert/opentelemetry/v1/logs`,
        retry_on_failure: forEver,
        // What the store does not take stays in its file, and not in memory that a restart would lose.
        sending_queue: { enabled: false },
      },
    },
    service: {
      extensions: ["file_storage", "health_check"],
      pipelines: { logs: { receivers: ["file_log"], exporters: ["otlp_http"] } },
      telemetry: { logs: { encoding: "json" }, metrics: { level: "none" } },
    },
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}

/** Data of the collector's ConfigMap. @param namespace - of the application. */
export const collectorData = ({ store }: LogCollector, namespace: string): Record<string, string> => ({
  // Of another namespace: a name alone would be looked for in the collector's own.
  [CONFIGURATION]: collectorConfiguration(namespace, `${store.service}.${namespace}:${store.port}`),
});

export const collectorHash = (data: Readonly<Record<string, string>>): string =>
  filesHash(
    Object.keys(data).map((key) => ({ path: `${FILES_FOLDER}/${key}`, content: "", secret: false })),
    Object.values(data),
  );

/** Policies of the namespace with the collector. @param namespace - of the application. */
export const collectorPolicies = ({ name, store }: LogCollector, namespace: string): readonly Policy[] => [
  DEFAULT_DENY,
  {
    name,
    spec: {
      podSelector: { matchLabels: selector(name) },
      policyTypes: ["Ingress", "Egress"],
      egress: [
        DNS,
        {
          to: [elsewhere(namespace, selector(store.service))],
          ports: [{ protocol: store.protocol, port: store.port }],
        },
      ],
    },
  },
];

export interface CollectorArgs {
  readonly stack: string;
  /** Of the application. */
  readonly namespace: string;
  readonly collector: LogCollector;
  readonly image: ImageRef;
  readonly imagePullSecret: string | undefined;
  readonly priorityClass: string | undefined;
  readonly filesHash: Input<string>;
}

/** One on every node that takes pods of the application: these tolerate no taint, and neither does it. */
export function collectorSpec(args: CollectorArgs): types.input.apps.v1.DaemonSetSpec {
  const { stack, namespace, collector, image, imagePullSecret, priorityClass } = args;
  const { name } = collector;
  const health = { httpGet: { path: "/", port: HEALTH_PORT }, timeoutSeconds: 3 };
  return {
    selector: { matchLabels: selector(name) },
    template: {
      metadata: { labels: labels(stack, name), annotations: { [FILES_ANNOTATION]: args.filesHash } },
      spec: {
        serviceAccountName: name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...(imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: imagePullSecret }] }),
        ...(priorityClass === undefined ? {} : { priorityClassName: priorityClass }),
        // The files are root's. It is root without a capability: it reads what root owns, and nothing else.
        securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } },
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name,
            image: image.toString(),
            imagePullPolicy: "IfNotPresent",
            args: [`--config=${FILES_FOLDER}/${CONFIGURATION}`],
            // The runtime of Go gives memory back before the limit ends it.
            env: [{ name: "GOMEMLIMIT", value: "128MiB" }],
            ports: [{ name: "health", containerPort: HEALTH_PORT, protocol: "TCP" }],
            // At rest it takes 36 MiB.
            resources: {
              requests: { cpu: cpuQuantity(0.02), memory: memoryQuantity(64) },
              limits: { cpu: cpuQuantity(0.5), memory: memoryQuantity(160) },
            },
            securityContext: CONFINEMENT,
            startupProbe: { ...health, periodSeconds: 2, failureThreshold: 30 },
            livenessProbe: { ...health, periodSeconds: 20, failureThreshold: 3 },
            readinessProbe: { ...health, periodSeconds: 3, failureThreshold: 2 },
            terminationMessagePolicy: "FallbackToLogsOnError",
            volumeMounts: [
              { name: "files", mountPath: FILES_FOLDER, readOnly: true },
              { name: "logs", mountPath: LOGS_FOLDER, readOnly: true },
              { name: "state", mountPath: STATE_FOLDER },
            ],
          },
        ],
        volumes: [
          {
            name: "files",
            configMap: {
              name: filesName(name),
              items: [{ key: CONFIGURATION, path: CONFIGURATION, mode: PLAIN_MODE }],
            },
          },
          { name: "logs", hostPath: { path: LOGS_FOLDER, type: "Directory" } },
          // On the node, some KiB, by a name that no other stack has.
          { name: "state", hostPath: { path: `/var/lib/${observabilityOf(namespace)}`, type: "DirectoryOrCreate" } },
        ],
      },
    },
  };
}
