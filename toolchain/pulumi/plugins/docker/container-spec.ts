/** A container's inputs as the Docker Engine API takes them. No call of the engine in here. */
import type { ContainerCreateOptions, EndpointSettings } from "dockerode";
import type { Values } from "../support/wire";
import { flag, map, number, object, objects, text, texts } from "../support/inputs";
import { nanoCpus, nanoseconds } from "./go-forms";
import { labels } from "./labels";

/** The provider's unit of memory, in bytes. */
const MIB = 1024 * 1024;

const healthcheck = (inputs: Values): ContainerCreateOptions["Healthcheck"] => {
  const check = object(inputs, "healthcheck");
  if (check === undefined) return undefined;
  const duration = (key: string) => nanoseconds(text(check, key) ?? "0s") ?? 0;
  return {
    Test: texts(check, "tests") ?? [],
    Interval: duration("interval"),
    Timeout: duration("timeout"),
    StartPeriod: duration("startPeriod"),
    ...(duration("startInterval") === 0 ? {} : { StartInterval: duration("startInterval") }),
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

/**
 * Limits and restart policy: what the provider changes while a container runs.
 * Source: resource_docker_container_funcs.go, resourceDockerContainerUpdate. Without memorySwap it says nothing of swap.
 */
export function adjustable(inputs: Values) {
  const swap = memoryOf(inputs, "memorySwap");
  return {
    Memory: memoryOf(inputs, "memory") ?? 0,
    ...(swap === undefined || swap === 0 ? {} : { MemorySwap: swap }),
    CpuShares: number(inputs, "cpuShares") ?? 0,
    CpusetCpus: text(inputs, "cpuSet") ?? "",
    RestartPolicy: { Name: text(inputs, "restart") ?? "no", MaximumRetryCount: number(inputs, "maxRetryCount") ?? 0 },
  };
}

/** Leaves out what is not set, so that the engine's and the image's defaults hold. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/**
 * The body of "create a container". Its networks of its own are connected afterwards.
 * Source: resource_docker_container_funcs.go, resourceDockerContainerCreate.
 */
export function createOptions(inputs: Values): ContainerCreateOptions {
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
    HostConfig: defined<NonNullable<ContainerCreateOptions["HostConfig"]>>({
      ...adjustable(inputs),
      // The default of the schema. It stays what the engine answers, whatever networks the container joins.
      NetworkMode: text(inputs, "networkMode") ?? "bridge",
      NanoCpus: cpus === undefined ? undefined : nanoCpus(cpus),
      // With `cpus`, these two are left alone.
      CpuPeriod: cpus === undefined ? number(inputs, "cpuPeriod") : undefined,
      CpuQuota: cpus === undefined ? number(inputs, "cpuQuota") : undefined,
      AutoRemove: flag(inputs, "rm"),
      ReadonlyRootfs: flag(inputs, "readOnly"),
      Privileged: flag(inputs, "privileged"),
      Init: flag(inputs, "init") ?? false,
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
