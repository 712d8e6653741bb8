/**
 * The vocabulary in which Ralex is described once, as plain data, for every target.
 *
 * Nothing here knows a platform. What is only known at deployment (an address, a generated secret) is a {@link Ref};
 * text made of parts is a {@link Text}, never a string with placeholders, so nothing can be left unreplaced.
 */

/**
 * The forms in which a secret may be needed. `url` and `json` are the value, encoded for where it stands: as a part of a
 * URL, and between the quotes of a JSON string. A digest form never reveals the value; `htpasswd` is what a proxy compares
 * a password of HTTP Basic with.
 */
export type SecretForm = "value" | "url" | "json" | "sha256" | "htpasswd";

/** Something a target resolves: an address, a port or a secret. */
export type Ref =
  | { readonly ref: "host"; readonly service: string }
  | { readonly ref: "address"; readonly service: string; readonly port: string }
  | {
      /** One rendering per address of the service (one a replica where replicas have addresses of their own). */
      readonly ref: "eachAddress";
      readonly service: string;
      readonly port: string;
      readonly before: string;
      readonly after: string;
      /** Slot of a replica that is left out where the others have addresses of their own. */
      readonly except?: number;
    }
  /** A name with an address for each replica that there is now, without the port. */
  | { readonly ref: "pool"; readonly service: string; readonly port: string }
  | { readonly ref: "secret"; readonly secret: string; readonly form: SecretForm };

/** A string, a reference, or the concatenation of several. */
export type Text = string | Ref | { readonly join: readonly Text[] };

/** Where a secret's value comes from. */
export type SecretSource =
  /** Made once by the target's generator and kept in its encrypted state. `length` is in characters. */
  | { readonly from: "generated"; readonly length: number }
  /** Read from an encrypted setting; the name is that of the setting. */
  | { readonly from: "setting"; readonly setting: string }
  /** A certificate or key of the stack's own certificate authority. */
  | { readonly from: "tls"; readonly part: "caCertificate" | "certificate" | "privateKey" };

/** Folder of all of a service's files, so that a target can mount them as one; only its user reads what is secret. */
export const FILES_FOLDER = "/etc/ralex";

/** A file that a service finds, read-only. */
export interface FileMount {
  /** Below {@link FILES_FOLDER}. */
  readonly path: string;
  readonly content: Text;
  /** `true` when the content is secret: mode 0400, kept out of state in clear. */
  readonly secret: boolean;
}

/** A TCP (default) or UDP port that a service listens on inside the private network. */
export interface Port {
  readonly number: number;
  readonly protocol: "tcp" | "udp";
}

/** A question to a service, in both of the forms in which platforms ask. */
export interface Question {
  /** A command in the container, without a shell. Exit code 0 is a yes. */
  readonly command: readonly string[];
  /** The same over HTTP, for platforms that ask from outside; a status below 400 is a yes. Absent where it speaks no HTTP. */
  readonly http?: { readonly port: string; readonly path: string };
}

/** Whether the process works; never whether its dependencies do. Durations are in seconds. */
export interface Health extends Question {
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly retries: number;
  /** How long failures do not count after a start. */
  readonly startPeriodSeconds: number;
}

/** Data that outlives the container. No other service mounts the same volume. */
export interface VolumeMount {
  readonly volume: string;
  readonly path: string;
  /** What a platform that has to know reserves for it; on the others the disk is the bound. */
  readonly sizeGiB: number;
  /** A database is written by one process, which has to have ended before the next one starts. */
  readonly holds: "database" | "files";
}

export interface Volume {
  readonly name: string;
  readonly sizeGiB: number;
}

/** A directory in memory, for software that writes under a read-only root. */
export interface ScratchMount {
  readonly path: string;
  readonly sizeMiB: number;
}

/** Upper bounds: `cpus` in cores, memory in MiB, `pids` in processes and threads. */
export interface Resources {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly pids: number;
  /** What a scheduler sets aside: what the service takes at rest, rounded up. */
  readonly requests: { readonly cpus: number; readonly memoryMiB: number };
}

/** A source directory that a development target may mount over the image's own code. */
export interface SourceMount {
  /** Relative to the checkout. */
  readonly source: string;
  readonly path: string;
}

/** What must hold of another service before this one starts. */
export interface Dependency {
  readonly service: string;
  readonly condition: "started" | "healthy" | "completed";
}

/** From `replicas` up, with the load. */
export interface Scaling {
  /** More than `replicas`. */
  readonly mostReplicas: number;
  /** What a replica takes on average above which another one is started. */
  readonly above:
    | {
        /** Of its requested CPU, in percent. */
        readonly cpuPercent: number;
      }
    | {
        /** Requests that it answers at the same time. */
        readonly requests: number;
        /** What Prometheus knows as their sum over all replicas, in PromQL. */
        readonly query: string;
      };
}

/** One service (runs until stopped) or job (runs to completion before its dependents start). */
export interface Service {
  readonly name: string;
  readonly kind: "service" | "job";
  /** Name of the image in the release (first-party) or in the image lock (third-party). */
  readonly image: string;
  readonly replicas: number;
  /** What `replicas` may ever be set to; 1 where it is not a setting. A target names and addresses replicas by it. */
  readonly maxReplicas: number;
  /** What load may bring, where the platform counts it; absent where the number of replicas is fixed. */
  readonly scaling?: Scaling;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly Text[];
  /** Plain settings only. Secrets are refused here and in the command, since both can be listed. */
  readonly environment: Readonly<Record<string, Text>>;
  readonly files: readonly FileMount[];
  readonly ports: Readonly<Record<string, Port>>;
  readonly health?: Health;
  /**
   * Whether the replica can serve: its dependencies answer. `health` never asks that; a target uses it to hold traffic
   * back, not to restart anything.
   */
  readonly readiness?: Question;
  /** Where Prometheus scrapes the service; absent when the software exposes no metrics. */
  readonly metrics?: { readonly port: string; readonly path: string };
  readonly volumes: readonly VolumeMount[];
  readonly scratch: readonly ScratchMount[];
  readonly source?: SourceMount;
  readonly dependsOn: readonly Dependency[];
  readonly resources: Resources;
  /** Numeric, never 0. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopGraceSeconds: number;
  /** `true` when the service calls addresses outside the private network. */
  readonly egress: boolean;
}

/** A port of the edge that people reach. All published ports are the edge's. */
export interface Listener {
  readonly name: "web" | "api" | "tls" | "prometheus" | "logs" | "grafana";
  /** The port people use. */
  readonly published: number;
  /** The edge's own port, by name. */
  readonly port: string;
}

/** Whether a listener is for those who run the stack, not for those who use it. */
export const isForOperators = ({ name }: Listener): boolean => !["web", "api", "tls"].includes(name);

/** The service that every other service's log goes to. */
export interface LogStore {
  readonly service: string;
  /** Takes RFC 5424 syslog over UDP from each service; or OTLP over HTTP from the collector, where there is one. */
  readonly port: string;
  /**
   * Runs once on every machine and reads there what the services have written to standard output: what has access to the
   * machines is no service of the application. Absent where the services send by themselves.
   */
  readonly collector?: { readonly name: string; readonly image: string };
}

/** The whole of Ralex, for one environment. */
export interface Application {
  readonly services: readonly Service[];
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** All that any setting may ask for: data stays while a setting leaves its service out. */
  readonly volumes: readonly Volume[];
  readonly edge: {
    readonly service: string;
    readonly listeners: readonly Listener[];
    /** Service and port whose replicas the edge balances; they are drained there before they are stopped. */
    readonly balances: { readonly service: string; readonly port: string };
  };
  /** Job that checks the running deployment from inside the private network; absent where nothing is pinned. */
  readonly probe?: Service;
  /** Absent where the platform keeps the logs. */
  readonly logs?: LogStore;
  /** What of the wished-for stack is left out, one sentence each. */
  readonly omissions: readonly string[];
}

/** All that runs or is run: the services, and the probe where there is one. */
export const withProbe = ({ services, probe }: Pick<Application, "services" | "probe">): readonly Service[] =>
  probe === undefined ? services : [...services, probe];

/** Names of the images of all that runs or is run, once each. */
export const imagesOf = (application: Pick<Application, "services" | "probe" | "logs">): readonly string[] => {
  const { logs } = application;
  const collector = logs?.collector === undefined ? [] : [logs.collector.image];
  return [...new Set([...withProbe(application).map(({ image }) => image), ...collector])];
};
