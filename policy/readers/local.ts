/** What only containers on one engine have: mounts, published ports, limits; of Docker's provider and of Compose alike. */
import { canonicalType, propertiesOf, type Resource } from "../rule";
import { isObject, Value } from "../value";
import { COMPOSE_SERVICE, DOCKER_CONTAINER } from "./docker";

export const LOCAL_TYPES: readonly string[] = [DOCKER_CONTAINER, COMPOSE_SERVICE];

export interface Mount {
  /** Name of a volume, or a path of the host; undefined for an anonymous volume and for memory, empty while unknown. */
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly isReadOnly: boolean;
  readonly value: Value;
}

export interface PublishedPort {
  /** Port inside the container; a range is its text. */
  readonly internal: string;
  /** Address of the host; undefined is every address. */
  readonly address: string | undefined;
  readonly value: Value;
}

export interface LocalContainer {
  readonly name: string;
  readonly privileged: Value;
  readonly mounts: readonly Mount[];
  readonly ports: readonly PublishedPort[];
  readonly memory: Value;
  readonly restart: Value;
  /** The health check; absent where there is none, or it is switched off. */
  readonly health: Value;
  readonly securityOptions: Value;
  /** Whether it runs to its end, so that nobody restarts it or asks after its health. */
  readonly isJob: boolean;
  readonly image: Value;
}

export function localContainer(resource: Resource): LocalContainer {
  const properties = propertiesOf(resource);
  return canonicalType(resource.type) === COMPOSE_SERVICE
    ? composeService(resource.name, properties)
    : dockerContainer(resource.name, properties);
}

function dockerContainer(name: string, properties: Value): LocalContainer {
  const health = properties.get("healthcheck");
  return {
    name: properties.get("name").text ?? name,
    privileged: properties.get("privileged"),
    mounts: [
      ...properties.get("mounts").items().map(dockerMount),
      ...properties.get("volumes").items().map(dockerVolume),
    ],
    ports: properties.get("ports").items().map(dockerPort),
    memory: properties.get("memory"),
    restart: properties.get("restart"),
    health: isSwitchedOff(health.get("tests")) ? new Value(undefined, health.path) : health,
    securityOptions: properties.get("securityOpts"),
    isJob: properties.get("mustRun").isFalse || properties.get("attach").isTrue,
    image: properties.get("image"),
  };
}

/** A name that is not known yet is one all the same. */
const nameIn = (value: Value): string | undefined => value.text ?? (value.isUnknown || value.isHidden ? "" : undefined);

const dockerMount = (value: Value): Mount => ({
  source: value.isUnknown || value.get("type").text === "tmpfs" ? undefined : nameIn(value.get("source")),
  target: value.get("target").text,
  isReadOnly: value.get("readOnly").isTrue,
  value,
});

const dockerVolume = (value: Value): Mount => ({
  source: value.isUnknown ? undefined : (nameIn(value.get("hostPath")) ?? nameIn(value.get("volumeName"))),
  target: value.get("containerPath").text,
  isReadOnly: value.get("readOnly").isTrue,
  value,
});

const dockerPort = (value: Value): PublishedPort => ({
  internal: String(value.get("internal").number ?? ""),
  address: value.get("ip").text,
  value,
});

function composeService(name: string, properties: Value): LocalContainer {
  const health = properties.get("healthcheck");
  const off = health.get("disable").isTrue || isSwitchedOff(health.get("test"));
  const restart = properties.get("restart");
  const policy = properties.at("deploy", "restart_policy", "condition");
  const limit = properties.at("deploy", "resources", "limits", "memory");
  return {
    name,
    privileged: properties.get("privileged"),
    mounts: properties.get("volumes").items().map(composeMount),
    ports: properties.get("ports").items().map(composePort),
    memory: limit.isAbsent ? properties.get("mem_limit") : limit,
    restart: restart.isAbsent && !policy.isAbsent ? policy : restart,
    health: off ? new Value(undefined, health.path) : health,
    securityOptions: properties.get("security_opt"),
    // Compose has no jobs: one that is not restarted on purpose says so.
    isJob: restart.text === "no" || restart.isFalse,
    image: properties.get("image"),
  };
}

function composeMount(value: Value): Mount {
  if (isObject(value.raw)) {
    return {
      source: value.get("type").text === "tmpfs" ? undefined : value.get("source").text,
      target: value.get("target").text,
      isReadOnly: value.get("read_only").isTrue,
      value,
    };
  }
  const parts = (value.text ?? "").split(":");
  const [source, target, mode] = parts.length === 1 ? [undefined, parts[0], undefined] : parts;
  return { source, target, isReadOnly: (mode ?? "").split(",").includes("ro"), value };
}

/** `[address:][published:]container[/protocol]`, of which an address of IPv6 is in brackets; or the long form. */
const SHORT_PORT = /^(?:(\[[0-9a-fA-F:]+\]|[^:]+):)?(?:([\d-]*):)?([\d-]+)(?:\/\w+)?$/;

function composePort(value: Value): PublishedPort {
  if (isObject(value.raw)) {
    return { internal: String(value.get("target").number ?? ""), address: value.get("host_ip").text, value };
  }
  const short = value.text ?? (typeof value.raw === "number" ? String(value.raw) : "");
  const [, first, second, internal = ""] = SHORT_PORT.exec(short) ?? [];
  // With one colon the first part is the published port.
  const address = second === undefined && /^[\d-]*$/.test(first ?? "") ? undefined : first;
  return { internal, address, value };
}

/** `NONE` is how an image's own check is switched off. */
const isSwitchedOff = (test: Value): boolean => test.text === "NONE" || test.items()[0]?.text === "NONE";
