import { LOCAL_TYPES, localContainer } from "../readers/local";
import { finding, unless, type ResourceRule } from "../rule";
import { isDataStore } from "./local-port-disallow-data-store";

const RESTARTS: ReadonlySet<string> = new Set(["always", "unless-stopped", "on-failure", "any"]);

/**
 * Docker acts on health by telling it to whoever waits for the container: of what is asked from outside, and of stores, it
 * has to be known. Without a restart policy a container stays down.
 */
export const localContainerRequireHealth: ResourceRule = {
  scope: "resource",
  id: "LOC-03",
  name: "local-container-require-health",
  title: "What publishes a port or keeps data has a health check, and everything that goes on running is started again",
  severity: "medium",
  reason: {
    source: "CIS Docker Benchmark 5.15, 5.27",
    link: "https://docs.docker.com/reference/compose-file/services/#healthcheck",
  },
  fix: 'Set `healthcheck` and `restart: unless-stopped`; what runs to its end is mustRun: false, or restart: "no" in a Compose file.',
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: LOCAL_TYPES,
  check: (resource) => {
    const container = localContainer(resource);
    const { name, health, restart, isJob, ports } = container;
    if (isJob) return [];
    const isAwaited = ports.length > 0 || isDataStore(container);
    const isStartedAgain = RESTARTS.has(restart.text?.split(":")[0] ?? "");
    return [
      ...(isAwaited && (health.isAbsent || health.isUnknown)
        ? [finding(resource, health, `container ${name} has no health check`)]
        : []),
      ...unless(isStartedAgain, resource, restart, `container ${name} is not started again when it ends`),
    ];
  },
};
