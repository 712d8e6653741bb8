import { localContainerDisallowHostControl } from "../../../policy/rules/local-container-disallow-host-control";
import { localContainerDisallowNewPrivileges } from "../../../policy/rules/local-container-disallow-new-privileges";
import { localContainerLimitMemory } from "../../../policy/rules/local-container-limit-memory";
import { localContainerRequireHealth } from "../../../policy/rules/local-container-require-health";
import { localPortConfigureLoopback } from "../../../policy/rules/local-port-configure-loopback";
import { localPortDisallowDataStore } from "../../../policy/rules/local-port-disallow-data-store";
import { localVolumeProtectData } from "../../../policy/rules/local-volume-protect-data";
import { resourceDataRequireProtection } from "../../../policy/rules/resource-data-require-protection";
import { UNKNOWN } from "../../../policy/value";
import { DIGEST } from "../support/kubernetes-samples";
import { CONTAINER, SERVICE, STORE, VOLUME } from "../support/local-samples";
import { remove, resource, set, setOption, type Change, type Mutation, type RuleCases } from "../support/rule-cases";

const ONE_CONTAINER = { none: "a resource is one container: an engine has no init containers" };

/** The same for a service of a Compose file. */
const inService = (when: string, path: string, value: unknown, at: string, message: string): Mutation => ({
  when,
  change: () => set(path, value)([SERVICE]),
  path: at,
  message,
});
const serviceKeeps = (when: string, path: string, value: unknown): Change => ({
  when,
  change: () => set(path, value)([SERVICE]),
});

const SOCKET = "/var/run/docker.sock:/var/run/docker.sock";
const CLAIM = resource("kubernetes:core/v1:PersistentVolumeClaim", {}, { options: { protect: true } });

export const cases: readonly RuleCases[] = [
  {
    rule: localContainerDisallowHostControl,
    baseline: [CONTAINER],
    violations: [
      {
        when: "it is privileged",
        change: set("privileged", true),
        path: "privileged",
        message: "container api is privileged",
      },
      {
        when: "the socket is mounted",
        change: set("mounts[1]", { type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock" }),
        path: "mounts[1]",
        message: "container api reaches the engine's socket",
      },
      {
        when: "the socket is mounted as a volume of the older form",
        change: set("volumes", [{ hostPath: "/run/podman/podman.sock", containerPath: "/sock", readOnly: true }]),
        path: "volumes[0]",
        message: "container api reaches the engine's socket",
      },
      inService(
        "a service mounts the socket",
        "volumes[1]",
        SOCKET,
        "volumes[1]",
        "container sample reaches the engine's socket",
      ),
      inService("a service is privileged", "privileged", true, "privileged", "container sample is privileged"),
    ],
    allowed: [
      {
        when: "a proxy mounts it to read",
        change: () =>
          set("image", `tecnativa/docker-socket-proxy@${DIGEST}`)(set("volumes[1]", `${SOCKET}:ro`)([SERVICE])),
      },
      serviceKeeps("it says that it is not privileged", "privileged", false),
    ],
    unknown: { when: "whether it is privileged is unknown", change: set("privileged", UNKNOWN), path: "privileged" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: localContainerLimitMemory,
    baseline: [CONTAINER],
    violations: [
      { when: "there is none", change: remove("memory"), path: "memory", message: "container api has no memory limit" },
      { when: "it is none", change: set("memory", 0), path: "memory", message: "container api has no memory limit" },
      inService("a service has none", "mem_limit", undefined, "mem_limit", "container sample has no memory limit"),
    ],
    allowed: [
      { when: "a service has one", change: () => [SERVICE] },
      {
        when: "a service has one for its deployment",
        change: () => set("deploy.resources.limits.memory", "512M")(remove("mem_limit")([SERVICE])),
      },
    ],
    unknown: { when: "it is unknown", change: set("memory", UNKNOWN), path: "memory" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: localContainerRequireHealth,
    baseline: [CONTAINER],
    violations: [
      {
        when: "it publishes a port and has no check",
        change: remove("healthcheck"),
        path: "healthcheck",
        message: "container api has no health check",
      },
      {
        when: "the check is switched off",
        change: set("healthcheck.tests", ["NONE"]),
        path: "healthcheck",
        message: "container api has no health check",
      },
      {
        when: "it stays down",
        change: remove("restart"),
        path: "restart",
        message: "container api is not started again when it ends",
      },
      inService(
        "a service's check is disabled",
        "healthcheck",
        { disable: true },
        "healthcheck",
        "container sample has no health check",
      ),
      {
        when: "a data store has no check",
        change: () => remove("healthcheck")([STORE]),
        path: "healthcheck",
        message: "container sample has no health check",
      },
    ],
    allowed: [
      {
        when: "it runs to its end",
        change: (all) => set("mustRun", false)(remove("restart")(remove("healthcheck")(all))),
      },
      { when: "nobody asks it", change: (all) => remove("ports")(remove("healthcheck")(all)) },
      serviceKeeps("a service runs to its end", "restart", "no"),
      {
        when: "a service is restarted by its deployment",
        change: () => set("deploy.restart_policy.condition", "any")(remove("restart")([SERVICE])),
      },
      { when: "it is restarted a few times", change: () => set("restart", "on-failure:3")([SERVICE]) },
    ],
    unknown: { when: "the check is unknown", change: set("healthcheck", UNKNOWN), path: "healthcheck" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: localPortConfigureLoopback,
    baseline: [CONTAINER],
    violations: [
      {
        when: "it has no address",
        change: remove("ports[0].ip"),
        path: "ports[0]",
        message: "a port of container api is open to the network",
      },
      {
        when: "it has every address",
        change: set("ports[0].ip", "0.0.0.0"),
        path: "ports[0]",
        message: "a port of container api is open to the network",
      },
      inService(
        "a service's has no address",
        "ports[0]",
        "8000:8000",
        "ports[0]",
        "a port of container sample is open to the network",
      ),
      inService(
        "a service's is a number",
        "ports[0]",
        8000,
        "ports[0]",
        "a port of container sample is open to the network",
      ),
      inService(
        "a service's has every address",
        "ports[0]",
        "[::]:80:80/tcp",
        "ports[0]",
        "a port of container sample is open to the network",
      ),
      inService(
        "a service's has the long form",
        "ports[0]",
        { target: 80, published: 80 },
        "ports[0]",
        "a port of container sample is open to the network",
      ),
    ],
    allowed: [
      { when: "a service's is", change: () => [SERVICE] },
      serviceKeeps("a service's is, by IPv6", "ports[0]", "[::1]:8000:8000"),
      serviceKeeps("a service's is, in the long form", "ports[0]", { target: 80, published: 80, host_ip: "127.0.0.1" }),
    ],
    unknown: { when: "the address is unknown", change: set("ports[0].ip", UNKNOWN), path: "ports[0].ip" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: localPortDisallowDataStore,
    baseline: [CONTAINER],
    violations: [
      {
        when: "it is Redis's",
        change: set("ports[0]", { internal: 6379, external: 16379, ip: "127.0.0.1" }),
        path: "ports[0]",
        message: "a port of the data store api is published",
      },
      {
        when: "the image is Postgres, whatever the port",
        change: () => set("ports", ["127.0.0.1:9999:9999"])([STORE]),
        path: "ports[0]",
        message: "a port of the data store sample is published",
      },
      inService(
        "a service's port is Postgres's",
        "ports[0]",
        "127.0.0.1:15432:5432",
        "ports[0]",
        "a port of the data store sample is published",
      ),
    ],
    allowed: [
      { when: "a data store publishes none", change: () => [STORE] },
      { when: "an exporter publishes its own", change: set("image", `oliver006/redis_exporter@${DIGEST}`) },
    ],
    unknown: { when: "the ports are unknown", change: set("ports", UNKNOWN), path: "ports" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: localContainerDisallowNewPrivileges,
    baseline: [CONTAINER],
    violations: [
      {
        when: "the option is not set",
        change: remove("securityOpts"),
        path: "securityOpts",
        message: "container api may gain privileges: no-new-privileges is not set",
      },
      {
        when: "the option is off",
        change: set("securityOpts", ["no-new-privileges:false"]),
        path: "securityOpts",
        message: "container api may gain privileges: no-new-privileges is not set",
      },
      inService(
        "a service has another option",
        "security_opt",
        ["label:disable"],
        "security_opt",
        "container sample may gain privileges: no-new-privileges is not set",
      ),
    ],
    allowed: [{ when: "a service has the option", change: () => [SERVICE] }],
    unknown: { when: "the options are unknown", change: set("securityOpts", UNKNOWN), path: "securityOpts" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: localVolumeProtectData,
    baseline: [VOLUME],
    violations: [
      {
        when: "a volume has no name",
        change: remove("name"),
        path: "name",
        message: "the volume has no name of its own",
      },
      {
        when: "a volume is not protected",
        change: setOption({ protect: false }),
        path: "",
        message: "the volume is not protected: anybody's destroy takes its data along",
      },
      {
        when: "a data store has no volume",
        change: () => remove("volumes")([STORE]),
        path: "volumes",
        message: "the data store sample has no volume for its data",
      },
      {
        when: "a service has an anonymous volume",
        change: () => set("volumes[1]", "/cache")([SERVICE]),
        path: "volumes[1]",
        message: "container sample has a volume without a name",
      },
      {
        when: "a container has an anonymous volume",
        change: () => set("mounts[1]", { type: "volume", target: "/cache" })([CONTAINER]),
        path: "mounts[1]",
        message: "container api has a volume without a name",
      },
    ],
    allowed: [
      { when: "a data store has one", change: () => [STORE] },
      {
        when: "the name of a volume is not known yet",
        change: () => set("mounts[0].source", UNKNOWN)([CONTAINER]),
      },
      {
        when: "something is in memory",
        change: () => set("mounts[1]", { type: "tmpfs", target: "/tmp" })([CONTAINER]),
      },
      serviceKeeps("a service has something in memory", "volumes[1]", { type: "tmpfs", target: "/tmp" }),
    ],
    unknown: { when: "the mounts are unknown", change: () => set("mounts", UNKNOWN)([CONTAINER]), path: "mounts" },
    embedded: ONE_CONTAINER,
  },
  {
    rule: resourceDataRequireProtection,
    baseline: [CLAIM],
    violations: [
      "kubernetes:core/v1:PersistentVolumeClaim",
      "aws:rds/instance:Instance",
      "gcp:storage/bucket:Bucket",
    ].map((type) => ({
      when: `it is a ${type}`,
      change: ([first]) => (first === undefined ? [] : [{ ...first, type, options: {} }]),
      path: "",
      message: "it holds data and is not protected",
    })),
    allowed: [{ when: "its properties are unknown", change: set("spec", UNKNOWN) }],
    unknown: { when: "a property is unknown, since protection never is", change: set("spec", UNKNOWN) },
    embedded: { none: "it is about options of resources" },
  },
];
