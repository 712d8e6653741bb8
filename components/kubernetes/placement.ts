/** What Ralex has to know of a cluster: it balances and drains replicas behind names, and watches its machines itself. */
import { isIPv4 } from "node:net";
import type { Placement } from "../app/placement";
import { EDGE_PORTS } from "../app/services/nginx";
import { storesOf } from "../app/stores";
import type { CertificatesArgs } from "../secrets/certificates";
import { itemsOf } from "../settings/list";
import type { Settings } from "../settings/schema";

/** Port of TLS at a load balancer, an Ingress and a Gateway. */
export const HTTPS_PORT = 443;
/** What kubectl port-forward is told to have on this machine. */
const FORWARDED_PORT = 8443;

/** What operators have after kubectl port-forward of the edge, port for port: nothing else leads there. */
const FORWARDED = {
  prometheus: [`http://localhost:${EDGE_PORTS.prometheus}`],
  logs: [`http://localhost:${EDGE_PORTS.logs}`],
  grafana: [`http://localhost:${EDGE_PORTS.grafana}`],
};

const PORTS: Readonly<Record<Settings["exposure"], (settings: Settings) => number>> = {
  none: () => FORWARDED_PORT,
  nodePort: ({ nodePort }) => nodePort,
  loadBalancer: () => HTTPS_PORT,
  ingress: () => HTTPS_PORT,
  gateway: () => HTTPS_PORT,
};

/** The one address of the stack: Open WebUI at `/`, the API at `/v1`. */
function publicAddress(settings: Settings): string {
  const port = PORTS[settings.exposure](settings);
  const behind = port === HTTPS_PORT ? "" : `:${port}`;
  return `https://${settings.hostName ?? ""}${behind}`;
}

export function kubernetesPlacement(settings: Settings): Placement {
  const address = publicAddress(settings);
  const { publicUrl } = settings;
  return {
    urls: {
      web: [...(publicUrl === undefined ? [] : [publicUrl]), address],
      api: [address],
      tls: [address],
      ...(settings.operatorListeners ? FORWARDED : {}),
    },
    stores: storesOf(settings),
    replicas: "named",
    logs: settings.logs === "own" ? "collected" : "platform",
    metrics:
      settings.monitoring === "none" && settings.serviceMonitors !== undefined ? "platform" : settings.monitoring,
    machines: "platform",
    trustedProxies: itemsOf(settings.trustedProxies ?? ""),
  };
}

/** Whom the edge's certificate is for. */
export function certificateNames({ hostName = "" }: Settings): CertificatesArgs {
  // What a port of this machine leads to is the stack all the same.
  return isIPv4(hostName)
    ? { dnsNames: ["localhost"], ipAddresses: [hostName, "127.0.0.1"] }
    : { dnsNames: [hostName, "localhost"], ipAddresses: ["127.0.0.1"] };
}
