/** A service's limits and checks in Docker's terms; no resource is made here. */
import type * as docker from "@pulumi/docker";
import type { Health, Service } from "../app/model";
import { decimalCpus, goDuration } from "./provider-forms";

/** Docker's log files of a container that cannot send its log to the store. */
const LOCAL_LOG = { driver: "json-file", options: { "max-file": "3", "max-size": "10m" } } as const;

export interface LogTarget {
  /** Address of the log store's syslog listener, host:port. */
  readonly address: string;
}

export function healthcheck(health: Health) {
  return {
    tests: ["CMD", ...health.command],
    interval: goDuration(health.intervalSeconds),
    timeout: goDuration(health.timeoutSeconds),
    retries: health.retries,
    startPeriod: goDuration(health.startPeriodSeconds),
  };
}

/** How whoever waits for a container asks it; nothing where it has no check. */
export const ownCheck = (health: Health | undefined) =>
  health === undefined ? {} : { check: [...health.command], checkSeconds: health.timeoutSeconds };

/** What every container of Ralex is: nothing more than it needs. */
export function confinement(service: Service) {
  const { cpus, memoryMiB } = service.resources;
  return {
    user: `${service.user.uid}:${service.user.gid}`,
    readOnly: true,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    cpus: decimalCpus(cpus),
    memory: memoryMiB,
    // The same as memory: no swap.
    memorySwap: memoryMiB,
    // Reaps what health checks leave behind.
    init: true,
    tmpfs: Object.fromEntries(
      // Owned by the user: a mode alone is lost at a restart, when the runtime takes that of the image's folder.
      service.scratch.map(({ path, sizeMiB }) => [
        path,
        `rw,nosuid,nodev,noexec,size=${sizeMiB}m,mode=0700,uid=${service.user.uid},gid=${service.user.gid}`,
      ]),
    ),
  } satisfies Partial<docker.ContainerArgs>;
}

/** Sends the log to the store; Docker keeps a copy for `docker logs`. */
export function logging(
  service: Service,
  target: LogTarget | undefined,
): { readonly logDriver: string; readonly logOpts: Record<string, string> } {
  if (target === undefined) return { logDriver: LOCAL_LOG.driver, logOpts: { ...LOCAL_LOG.options } };
  return {
    logDriver: "syslog",
    logOpts: {
      "syslog-address": `udp://${target.address}`,
      "syslog-format": "rfc5424micro",
      tag: service.name,
    },
  };
}
