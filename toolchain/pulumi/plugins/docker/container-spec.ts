/** A container's inputs as the Docker Engine API takes them. No call of the engine in here. */
import type { ContainerCreateOptions, EndpointSettings } from "dockerode";
import { OperationError } from "../support/plugin";
import type { Values } from "../support/wire";
import { flag, map, number, object, objects, text, texts } from "../support/inputs";
import { labels } from "./labels";

/** The provider's unit of memory, in bytes. */
const MIB = 1024 * 1024;
const NANOSECONDS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `1m30s` in nanoseconds. */
export function nanoseconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== duration || parts.length === 0) {
    throw new OperationError(`"${duration}" is not a duration; write for example 500ms, 10s, 1m30s`);
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (NANOSECONDS[unit ?? ""] ?? 0), 0);
}

const healthcheck = (inputs: Values): ContainerCreateOptions["Healthcheck"] => {
  const check = object(inputs, "healthcheck");
  if (check === undefined) return undefined;
  const duration = (key: string) => nanoseconds(text(check, key) ?? "0s");
  return {
    Test: texts(check, "tests") ?? [],
    Interval: duration("interval"),
    Timeout: duration("timeout"),
    StartPeriod: duration("startPeriod"),
    Retries: number(check, "retries") ?? 0,
  };
};

const portKey = (port: Values): string => `${number(port, "internal")}/${text(port, "protocol") ?? "tcp"}`;

function portBindings(inputs: Values): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of objects(inputs, "ports")) {
    const external = number(port, "external");
    (bindings[portKey(port)] ??= []).push({
      HostIp: text(port, "ip") ?? "0.0.0.0",
      HostPort: external === undefined ? "" : String(external),
    });
  }
  return bindings;
}

type Mount = NonNullable<NonNullable<ContainerCreateOptions["HostConfig"]>["Mounts"]>[number];

function mount(entry: Values): Mount {
  const bind = object(entry, "bindOptions");
  const volume = object(entry, "volumeOptions");
  const tmpfs = object(entry, "tmpfsOptions");
  return {
    Type: (text(entry, "type") ?? "volume") as Mount["Type"],
    Source: text(entry, "source") ?? "",
    Target: text(entry, "target") ?? "",
    ReadOnly: flag(entry, "readOnly") ?? false,
    ...(bind && { BindOptions: { Propagation: (text(bind, "propagation") ?? "rprivate") as "rprivate" } }),
    ...(volume && {
      VolumeOptions: {
        NoCopy: flag(volume, "noCopy") ?? false,
        Labels: labels(volume),
        DriverConfig: { Name: text(volume, "driverName") ?? "", Options: map(volume, "driverOptions") ?? {} },
      },
    }),
    ...(tmpfs && { TmpfsOptions: { SizeBytes: number(tmpfs, "sizeBytes") ?? 0, Mode: number(tmpfs, "mode") ?? 0 } }),
  };
}

/** How the container takes part in one network. */
export const endpoint = (network: Values): EndpointSettings => ({
  Aliases: texts(network, "aliases") ?? [],
  IPAMConfig: {
    ...(text(network, "ipv4Address") && { IPv4Address: text(network, "ipv4Address") }),
    ...(text(network, "ipv6Address") && { IPv6Address: text(network, "ipv6Address") }),
  },
});

const memoryOf = (inputs: Values, key: string): number | undefined => {
  const amount = number(inputs, key);
  return amount === undefined || amount < 0 ? amount : amount * MIB;
};

/** Limits and restart policy: what the engine can change while a container runs. */
export function adjustable(inputs: Values) {
  const memory = memoryOf(inputs, "memory") ?? 0;
  const swap = memoryOf(inputs, "memorySwap");
  return {
    Memory: memory,
    // Without a limit of its own the engine takes twice the memory; an update has to say so.
    MemorySwap: swap ?? memory * 2,
    CpuShares: number(inputs, "cpuShares") ?? 0,
    CpusetCpus: text(inputs, "cpuSet") ?? "",
    CpuPeriod: number(inputs, "cpuPeriod") ?? 0,
    CpuQuota: number(inputs, "cpuQuota") ?? 0,
    RestartPolicy: { Name: text(inputs, "restart") ?? "no", MaximumRetryCount: number(inputs, "maxRetryCount") ?? 0 },
  };
}

/** Leaves out what is not set, so that the engine's and the image's defaults hold. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** The body of "create a container", for its first network; others are connected afterwards. */
export function createOptions(inputs: Values): ContainerCreateOptions {
  const [first] = objects(inputs, "networksAdvanced");
  const network = first === undefined ? undefined : text(first, "name");
  const bindings = portBindings(inputs);
  const capabilities = object(inputs, "capabilities") ?? {};
  const logDriver = text(inputs, "logDriver");
  const cpus = text(inputs, "cpus");
  const shm = memoryOf(inputs, "shmSize");
  return defined<ContainerCreateOptions>({
    name: text(inputs, "name"),
    Image: text(inputs, "image"),
    Cmd: texts(inputs, "command"),
    Entrypoint: texts(inputs, "entrypoints"),
    Env: texts(inputs, "envs"),
    User: text(inputs, "user"),
    WorkingDir: text(inputs, "workingDir"),
    Hostname: text(inputs, "hostname"),
    Domainname: text(inputs, "domainname"),
    Labels: labels(inputs),
    Tty: flag(inputs, "tty"),
    OpenStdin: flag(inputs, "stdinOpen"),
    StopSignal: text(inputs, "stopSignal"),
    StopTimeout: number(inputs, "stopTimeout"),
    Healthcheck: healthcheck(inputs),
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    NetworkingConfig:
      network === undefined || first === undefined ? undefined : { EndpointsConfig: { [network]: endpoint(first) } },
    HostConfig: defined<NonNullable<ContainerCreateOptions["HostConfig"]>>({
      ...adjustable(inputs),
      NetworkMode: network ?? text(inputs, "networkMode"),
      NanoCpus: cpus === undefined ? undefined : Math.round(Number(cpus) * 1e9),
      AutoRemove: flag(inputs, "rm"),
      ReadonlyRootfs: flag(inputs, "readOnly"),
      Privileged: flag(inputs, "privileged"),
      Init: flag(inputs, "init"),
      Tmpfs: map(inputs, "tmpfs"),
      Mounts: objects(inputs, "mounts").map(mount),
      CapAdd: texts(capabilities, "adds"),
      CapDrop: texts(capabilities, "drops"),
      SecurityOpt: texts(inputs, "securityOpts"),
      GroupAdd: texts(inputs, "groupAdds"),
      Dns: texts(inputs, "dns"),
      DnsOptions: texts(inputs, "dnsOpts"),
      DnsSearch: texts(inputs, "dnsSearches"),
      ExtraHosts: objects(inputs, "hosts").map((host) => `${text(host, "host")}:${text(host, "ip")}`),
      Ulimits: objects(inputs, "ulimits").map((limit) => ({
        Name: text(limit, "name") ?? "",
        Soft: number(limit, "soft") ?? 0,
        Hard: number(limit, "hard") ?? 0,
      })),
      LogConfig: logDriver === undefined ? undefined : { Type: logDriver, Config: map(inputs, "logOpts") ?? {} },
      PortBindings: bindings,
      PublishAllPorts: flag(inputs, "publishAllPorts"),
      ShmSize: shm,
      Sysctls: map(inputs, "sysctls"),
      PidMode: text(inputs, "pidMode"),
      IpcMode: text(inputs, "ipcMode"),
      UsernsMode: text(inputs, "usernsMode"),
      Runtime: text(inputs, "runtime"),
    }),
  });
}
