/** A service's pods, as plain data: one container, confined, asked over HTTP where it speaks HTTP. */
import { composes } from "../secrets/composed";
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { ASKED_RARELY } from "../app/services/health";
import { NAMED_CONNECTION_SECONDS } from "../app/services/nginx";
import { FILES_FOLDER, type Question, type Service, type Text } from "../app/model";
import type { ImageRef } from "../image/image-ref";
import { composedVolumes, composingContainer, type ExistingSecret } from "./composed-files";
import { projectedFiles } from "./files";
import { FILES_ANNOTATION, labels, portsOf, SECRET_ANNOTATION, selector } from "./names";
import { cpuQuantity, memoryQuantity } from "./quantities";
import { CONFINEMENT } from "./confinement";

type PodTemplate = types.input.core.v1.PodTemplateSpec;
type Container = types.input.core.v1.Container;
type Probe = types.input.core.v1.Probe;

export interface PodArgs {
  readonly stack: string;
  readonly service: Service;
  readonly image: ImageRef;
  readonly imagePullSecret: string | undefined;
  readonly priorityClass: string | undefined;
  /** Hash over the contents of its files. */
  readonly filesHash: Input<string>;
  /** Text of the model as it reads in this namespace; there is no secret in it. */
  readonly text: (value: Text) => string;
  /** The Secret that files with secrets are composed from, where no object holds them ready. */
  readonly existing?: ExistingSecret | undefined;
}

/** Service account of every pod; none of them is given its token. */
export const SERVICE_ACCOUNT = "ralex";

/** What the proxies of nodes and Ingress controllers take at most to hear that a replica leaves, in seconds. */
const HEARING_SECONDS = 3;

/**
 * How long a replica goes on answering after it was told to end, in seconds: for as long new connections may come, and then
 * those that the edge has are used.
 */
const LEAVING_SECONDS = HEARING_SECONDS + NAMED_CONNECTION_SECONDS + 1;

/** Seconds between two questions while a container starts: what they cost is paid for moments only. */
const STARTING_PERIOD = 2;
/** A question over HTTP costs next to nothing, one that starts a process does. */
const READY_PERIOD = 3;
/** How often what cannot tell its health may fail to listen while it starts: a minute. */
const STARTING_QUESTIONS = 30;

export function podTemplate(args: PodArgs): PodTemplate {
  const { stack, service } = args;
  const isJob = service.kind === "job";
  const { gid, uid } = service.user;
  return {
    metadata: { labels: labels(stack, service.name), annotations: annotations(args) },
    spec: {
      serviceAccountName: SERVICE_ACCOUNT,
      automountServiceAccountToken: false,
      // Variables for every Service of the namespace, by names that programs read as settings of their own.
      enableServiceLinks: false,
      ...(args.imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: args.imagePullSecret }] }),
      ...(args.priorityClass === undefined ? {} : { priorityClassName: args.priorityClass }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: uid,
        runAsGroup: gid,
        fsGroup: gid,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      terminationGracePeriodSeconds: service.stopGraceSeconds + (leaves(service) ? LEAVING_SECONDS : 0),
      ...(isJob ? { restartPolicy: "Never" } : {}),
      ...(service.maxReplicas > 1
        ? {
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: "kubernetes.io/hostname",
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: selector(service.name) },
              },
            ],
          }
        : {}),
      ...(args.existing !== undefined && composes(service)
        ? { initContainers: [composingContainer(args.existing)] }
        : {}),
      containers: [container(args)],
      ...some("volumes", [
        ...fileVolumes(args),
        ...service.volumes.map(({ volume }) => ({ name: volume, persistentVolumeClaim: { claimName: volume } })),
        ...service.scratch.map(({ path, sizeMiB }) => ({
          name: scratchName(path),
          emptyDir: { medium: "Memory", sizeLimit: memoryQuantity(sizeMiB) },
        })),
      ]),
    },
  };
}

function annotations({ service, filesHash, existing }: PodArgs): Record<string, Input<string>> {
  const secretHash = composes(service) ? existing?.hashes?.[service.name] : undefined;
  return {
    [FILES_ANNOTATION]: filesHash,
    ...(secretHash === undefined ? {} : { [SECRET_ANNOTATION]: secretHash }),
  };
}

function fileVolumes({ service, existing }: PodArgs): types.input.core.v1.Volume[] {
  if (existing !== undefined && composes(service)) return composedVolumes(service, existing);
  return service.files.length === 0 ? [] : [projectedFiles(service)];
}

const scratchName = (path: string): string => `scratch${path.replace(/\//g, "-")}`;

/** What takes requests has to be taken out of rotation before it ends; a store's clients come back by themselves. */
const leaves = ({ kind, volumes, ports }: Service): boolean =>
  kind === "service" && volumes.length === 0 && Object.keys(ports).length > 0;

function container({ service, image, text }: PodArgs): Container {
  const { cpus, memoryMiB, requests } = service.resources;
  const environment = Object.entries(service.environment)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value: text(value) }));
  const ports = portsOf(service).map(({ name, number, protocol }) => ({ name, containerPort: number, protocol }));
  return {
    name: service.name,
    image: image.toString(),
    imagePullPolicy: "IfNotPresent",
    ...(service.entrypoint === undefined ? {} : { command: [...service.entrypoint] }),
    ...(service.command === undefined ? {} : { args: service.command.map(text) }),
    ...some("env", environment),
    ...some("ports", ports),
    resources: {
      requests: { cpu: cpuQuantity(requests.cpus), memory: memoryQuantity(requests.memoryMiB) },
      limits: { cpu: cpuQuantity(cpus), memory: memoryQuantity(memoryMiB) },
    },
    securityContext: CONFINEMENT,
    ...probes(service),
    ...(leaves(service) ? { lifecycle: { preStop: { sleep: { seconds: LEAVING_SECONDS } } } } : {}),
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...some("volumeMounts", [
      ...(service.files.length === 0 ? [] : [{ name: "files", mountPath: FILES_FOLDER, readOnly: true }]),
      ...service.volumes.map(({ volume, path }) => ({ name: volume, mountPath: path })),
      ...service.scratch.map(({ path }) => ({ name: scratchName(path), mountPath: path })),
    ]),
  };
}

/** A list under its name, or nothing: the provider drops an empty one once all inputs are known, which no plan has said. */
const some = <Name extends string, Item>(name: Name, items: readonly Item[]): Partial<Record<Name, Item[]>> =>
  items.length === 0 ? {} : ({ [name]: [...items] } as Record<Name, Item[]>);

/** Liveness asks for the process alone; a replica whose dependencies do not answer gets no requests, and stays. */
function probes(service: Service): Pick<Container, "startupProbe" | "livenessProbe" | "readinessProbe"> {
  const { health, readiness } = service;
  if (health === undefined) return listening(service);
  const { timeoutSeconds, intervalSeconds, retries, startPeriodSeconds } = health;
  const alive = { ...handler(service, health), timeoutSeconds };
  const ready = readiness ?? health;
  return {
    startupProbe: {
      ...alive,
      periodSeconds: STARTING_PERIOD,
      failureThreshold: Math.ceil(startPeriodSeconds / STARTING_PERIOD) + retries,
    },
    livenessProbe: { ...alive, periodSeconds: intervalSeconds, failureThreshold: retries },
    readinessProbe: {
      ...handler(service, ready),
      timeoutSeconds,
      periodSeconds: ready.http === undefined ? intervalSeconds : READY_PERIOD,
      failureThreshold: 2,
    },
  };
}

/**
 * Of what cannot be asked for its health (an exporter, whose one page asks what it observes): whether it listens. The node
 * asks that, so the image needs no program for it.
 */
function listening({ ports, kind }: Service): ReturnType<typeof probes> {
  const port = Object.values(ports).find(({ protocol }) => protocol === "tcp");
  if (port === undefined || kind === "job") return {};
  const tcpSocket = { port: port.number };
  const { intervalSeconds, retries } = ASKED_RARELY;
  return {
    startupProbe: { tcpSocket, periodSeconds: STARTING_PERIOD, failureThreshold: STARTING_QUESTIONS },
    livenessProbe: { tcpSocket, periodSeconds: intervalSeconds, failureThreshold: retries },
    readinessProbe: { tcpSocket, periodSeconds: intervalSeconds, failureThreshold: 2 },
  };
}

const handler = ({ ports }: Service, { http, command }: Question): Probe =>
  http === undefined
    ? { exec: { command: [...command] } }
    : { httpGet: { path: http.path, port: ports[http.port]?.number ?? 0 } };
