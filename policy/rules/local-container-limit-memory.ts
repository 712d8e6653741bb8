import { LOCAL_TYPES, localContainer } from "../readers/local";
import { unless, type ResourceRule } from "../rule";

/** The kernel ends whatever it likes when the machine's memory is full; with a limit it ends the one that filled it. */
export const localContainerLimitMemory: ResourceRule = {
  scope: "resource",
  id: "LOC-02",
  name: "local-container-limit-memory",
  title: "Every container has a memory limit",
  severity: "medium",
  reason: {
    source: "CIS Docker Benchmark 5.11",
    link: "https://docs.docker.com/engine/containers/resource_constraints/",
  },
  fix: "Set `memory` (MiB) of docker.Container; in a Compose file deploy.resources.limits.memory or mem_limit.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: LOCAL_TYPES,
  check: (resource) => {
    const { name, memory } = localContainer(resource);
    const isLimited = !memory.isAbsent && memory.raw !== 0 && memory.raw !== "0";
    return unless(isLimited, resource, memory, `container ${name} has no memory limit`);
  },
};
