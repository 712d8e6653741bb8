import { LOCAL_TYPES, localContainer } from "../readers/local";
import { finding, type ResourceRule } from "../rule";

/** The engine's sockets, under whatever name. */
const ENGINE_SOCKET = /(?:^|\/)(?:docker|podman|containerd|crio)(?:-[\w]+)?\.sock$/;
/** Images whose one purpose is to let through the harmless requests of the engine's API. */
const SOCKET_PROXY = /socket-?proxy/i;

/** Who reaches the engine's socket, or is privileged, is root on the machine. */
export const localContainerDisallowHostControl: ResourceRule = {
  scope: "resource",
  id: "LOC-01",
  name: "local-container-disallow-host-control",
  title: "No container is privileged or reaches the engine's socket, but for a proxy that only reads",
  severity: "critical",
  reason: {
    source: "CIS Docker Benchmark 5.5, 5.32",
    link: "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
  },
  fix: "Leave privileged out; put a socket proxy in between that mounts the socket read-only and lets reading requests through.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: LOCAL_TYPES,
  check: (resource) => {
    const { name, privileged, mounts, image } = localContainer(resource);
    const isProxy = SOCKET_PROXY.test(image.text?.split("@")[0] ?? "");
    return [
      ...(privileged.isTrue || privileged.isUnknown
        ? [finding(resource, privileged, `container ${name} is privileged`)]
        : []),
      ...mounts
        .filter(({ source, target }) => ENGINE_SOCKET.test(source ?? "") || ENGINE_SOCKET.test(target ?? ""))
        .filter(({ isReadOnly }) => !(isProxy && isReadOnly))
        .map(({ value }) => finding(resource, value, `container ${name} reaches the engine's socket`)),
    ];
  },
};
