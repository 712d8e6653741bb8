import { LOCAL_TYPES, localContainer } from "../readers/local";
import { unless, type ResourceRule } from "../rule";

/** A setuid program that was forgotten in an image makes nobody root then. */
export const localContainerDisallowNewPrivileges: ResourceRule = {
  scope: "resource",
  id: "LOC-06",
  name: "local-container-disallow-new-privileges",
  title: "No process of a container gains privileges",
  severity: "medium",
  reason: {
    source: "CIS Docker Benchmark 5.26",
    link: "https://docs.docker.com/reference/cli/docker/container/run/#security-opt",
  },
  fix: 'Set `securityOpts: ["no-new-privileges"]` of docker.Container, `security_opt: [no-new-privileges:true]` in a Compose file.',
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: LOCAL_TYPES,
  check: (resource) => {
    const { name, securityOptions } = localContainer(resource);
    const isKept = securityOptions.items().some(({ text }) => /^no-new-privileges(?:[:=]true)?$/.test(text ?? ""));
    return unless(
      isKept,
      resource,
      securityOptions,
      `container ${name} may gain privileges: no-new-privileges is not set`,
    );
  },
};
