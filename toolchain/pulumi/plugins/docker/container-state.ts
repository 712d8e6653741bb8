/**
 * A container as the official provider reads it back: after it made one, and in every refresh.
 * Source, where nothing else is said: resource_docker_container_funcs.go, resourceDockerContainerRead. The order is its.
 */
import type { ContainerInspectInfo } from "dockerode";
import { isBlank, sameSet } from "../support/diff";
import { flag, object, text } from "../support/inputs";
import type { Value, Values } from "../support/wire";
import { decimalText, durationText } from "./go-forms";

const MIB = 1024 * 1024;

/** What Go leaves out of JSON where it is nothing is optional. */
interface Mount {
  readonly Target: string;
  readonly Source?: string;
  readonly Type: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: string };
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Readonly<Record<string, string>> };
  };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

/** What the engine answers that the client's type declarations do not have. */
interface Found {
  readonly Config: {
    readonly Healthcheck?: {
      readonly Test?: readonly string[];
      readonly Interval?: number;
      readonly Timeout?: number;
      readonly StartPeriod?: number;
      readonly StartInterval?: number;
      readonly Retries?: number;
    };
    readonly StopSignal?: string;
    readonly StopTimeout?: number;
  };
  readonly HostConfig: { readonly MemoryReservation?: number; readonly Mounts?: readonly Mount[] | null };
  readonly NetworkSettings: { readonly Bridge?: string };
}

/** Memory in the provider's unit: Go's division of whole numbers; what is below zero means "no limit". */
const mebibytes = (bytes: number | undefined): number =>
  bytes !== undefined && bytes > 0 ? Math.floor(bytes / MIB) : (bytes ?? 0);

const list = (values: unknown): readonly Value[] => (Array.isArray(values) ? (values as readonly Value[]) : []);

/** A list whose order means nothing: in the order of before where nothing else changed. */
const set = (found: unknown, before: Value | undefined): Value =>
  sameSet(list(found), before) ? (before ?? []) : list(found);

/** Source: resource_docker_container_structures.go, flattenContainerPorts. */
function ports(found: ContainerInspectInfo): Values[] {
  return Object.entries(found.NetworkSettings.Ports ?? {})
    .map(([key, bindings]) => ({ internal: Number.parseInt(key, 10), protocol: key.split("/")[1] ?? "", bindings }))
    .sort((a, b) => a.internal - b.internal)
    .flatMap(({ internal, protocol, bindings }) =>
      ((bindings ?? []) as { HostIp: string; HostPort: string }[]).map(({ HostIp, HostPort }) => ({
        ...{ internal, external: Number(HostPort), ip: HostIp, protocol },
      })),
    );
}

/**
 * Source: resource_docker_container_structures.go, getDockerContainerMounts.
 * @returns undefined for a volume with labels: the function gives them under a name that the schema does not have, so
 *   that the provider keeps what it had.
 */
function mounts({ HostConfig }: Found): Values[] | undefined {
  const all = HostConfig.Mounts ?? [];
  if (all.some(({ VolumeOptions }) => Object.keys(VolumeOptions?.Labels ?? {}).length > 0)) return undefined;
  return all.map(({ Target, Source, Type, ReadOnly, BindOptions, VolumeOptions, TmpfsOptions }) => ({
    ...{ target: Target, source: Source ?? "", type: Type, readOnly: ReadOnly ?? false },
    ...(BindOptions && { bindOptions: { propagation: BindOptions.Propagation ?? "" } }),
    ...(VolumeOptions && {
      volumeOptions: {
        noCopy: VolumeOptions.NoCopy ?? false,
        driverName: VolumeOptions.DriverConfig?.Name ?? "",
        driverOptions: VolumeOptions.DriverConfig?.Options ?? {},
      },
    }),
    ...(TmpfsOptions && {
      tmpfsOptions: { sizeBytes: TmpfsOptions.SizeBytes ?? 0, mode: TmpfsOptions.Mode ?? 0 },
    }),
  }));
}

function healthcheck(found: ContainerInspectInfo & Found): Values | undefined {
  const check = found.Config.Healthcheck;
  if (check === undefined) return undefined;
  return {
    tests: check.Test ?? [],
    interval: durationText(check.Interval ?? 0),
    timeout: durationText(check.Timeout ?? 0),
    startPeriod: durationText(check.StartPeriod ?? 0),
    startInterval: durationText(check.StartInterval ?? 0),
    retries: check.Retries ?? 0,
  };
}

function capabilities({ HostConfig }: ContainerInspectInfo, before: Values): Values {
  const [adds, drops] = [list(HostConfig.CapAdd), list(HostConfig.CapDrop)];
  if (adds.length === 0 && drops.length === 0) return {};
  const old = object(before, "capabilities") ?? {};
  return { capabilities: { adds: set(adds, old.adds), drops: set(drops, old.drops) } };
}

/** Source: resource_docker_container_structures.go, flattenExtraHosts: an IPv6 address is cut at its first colon. */
const hosts = ({ HostConfig }: ContainerInspectInfo): Values[] =>
  list(HostConfig.ExtraHosts).map((entry) => {
    const [host = "", ip = ""] = String(entry).split(":");
    return { host, ip };
  });

/** What is read of a container that runs, and of one that does not. */
function running(found: ContainerInspectInfo, before: Values): Values {
  const mustRun = flag(before, "mustRun") ?? true;
  const read = found.State.Running || mustRun;
  return {
    ...(read && !isBlank(before.ports) ? { ports: ports(found) } : {}),
    // A container that was stopped by hand: the next update sees this and starts it again.
    ...(found.State.Running ? {} : { exitCode: found.State.ExitCode, ...(mustRun ? { mustRun: false } : {}) }),
  };
}

/** Source: resource_docker_container_structures.go, flattenContainerNetworks; there in no order. */
const networkData = (found: ContainerInspectInfo): Values[] =>
  Object.entries(found.NetworkSettings.Networks)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([networkName, network]) => ({
      networkName,
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
    }));

/**
 * The provider's state of a container.
 * @param found - the engine's answer to "inspect".
 * @param before - the state before. What is not read back stays as it is there: envs and labels (an image adds its own),
 *   networksAdvanced (read for an import alone), and what is no property of a container, such as `wait`.
 */
export function stateOf(inspected: ContainerInspectInfo, before: Values): Values {
  const found = inspected as ContainerInspectInfo & Found;
  const { Config, HostConfig: host } = found;
  const image = text(before, "image") ?? "";
  const check = healthcheck(found);
  const mounted = mounts(found);
  const nano = host.NanoCpus ?? 0;
  return {
    ...before,
    bridge: found.NetworkSettings.Bridge ?? "",
    networkDatas: networkData(found),
    ...running(found, before),
    name: found.Name.replace(/^\/+/, ""),
    rm: host.AutoRemove ?? false,
    readOnly: host.ReadonlyRootfs ?? false,
    image: image.startsWith("sha256:") ? found.Image : Config.Image,
    hostname: Config.Hostname,
    domainname: Config.Domainname,
    command: list(Config.Cmd),
    entrypoints: list(Config.Entrypoint),
    user: Config.User,
    dns: set(host.Dns, before.dns),
    dnsOpts: set(host.DnsOptions, before.dnsOpts),
    securityOpts: set(host.SecurityOpt, before.securityOpts),
    dnsSearches: set(host.DnsSearch, before.dnsSearches),
    publishAllPorts: host.PublishAllPorts ?? false,
    restart: host.RestartPolicy?.Name ?? "",
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    init: host.Init ?? false,
    workingDir: Config.WorkingDir,
    ...capabilities(found, before),
    runtime: host.Runtime ?? "",
    platform: found.Platform,
    ...(mounted === undefined ? {} : { mounts: set(mounted, before.mounts) }),
    tmpfs: host.Tmpfs ?? {},
    hosts: set(hosts(found), before.hosts),
    ...(isBlank(before.ulimits)
      ? {}
      : {
          ulimits: set(
            (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({ name: Name, soft: Soft, hard: Hard })),
            before.ulimits,
          ),
        }),
    privileged: host.Privileged ?? false,
    memory: mebibytes(host.Memory),
    memoryReservation: mebibytes(host.MemoryReservation),
    memorySwap: mebibytes(host.MemorySwap),
    shmSize: mebibytes(host.ShmSize),
    ...(nano > 0 ? { cpus: decimalText(nano) } : {}),
    cpuShares: host.CpuShares ?? 0,
    cpuSet: host.CpusetCpus ?? "",
    logDriver: host.LogConfig?.Type ?? "",
    // Same file, containerLogOptsForState: an engine's own options are none of the program's.
    logOpts: isBlank(before.logOpts) ? {} : ((host.LogConfig?.Config ?? {}) as Values),
    networkMode: host.NetworkMode ?? "",
    ...(isBlank(before.pidMode) ? {} : { pidMode: host.PidMode ?? "" }),
    usernsMode: host.UsernsMode ?? "",
    ...(check === undefined ? {} : { healthcheck: check }),
    sysctls: host.Sysctls ?? {},
    ipcMode: host.IpcMode ?? "",
    groupAdds: set(host.GroupAdd, before.groupAdds),
    tty: Config.Tty,
    stdinOpen: Config.OpenStdin,
    stopSignal: Config.StopSignal ?? "",
    ...(Config.StopTimeout === undefined ? {} : { stopTimeout: Config.StopTimeout }),
  };
}
