import { LOCAL_TYPES, localContainer } from "../readers/local";
import { finding, type ResourceRule } from "../rule";

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/;

/** A port without an address is open to the network, past the firewall of the machine: Docker writes its rules first. */
export const localPortConfigureLoopback: ResourceRule = {
  scope: "resource",
  id: "LOC-04",
  name: "local-port-configure-loopback",
  title: "Published ports are bound to the machine's loopback",
  severity: "high",
  reason: {
    source: "CIS Docker Benchmark 5.14; Docker, Packet filtering and firewalls",
    link: "https://docs.docker.com/engine/network/packet-filtering-firewalls/",
  },
  fix: 'Bind it: "127.0.0.1:8000:8000" in a Compose file, `ip: 127.0.0.1` of docker.Container; from outside through a proxy with TLS.',
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: LOCAL_TYPES,
  check: (resource) => {
    const { name, ports } = localContainer(resource);
    return ports
      .filter(({ address, value }) => value.isUnknown || !LOOPBACK.test(address ?? ""))
      .map(({ value }) => {
        const at = value.get("ip").isUnknown ? value.get("ip") : value;
        return finding(resource, at, `a port of container ${name} is open to the network`);
      });
  },
};
