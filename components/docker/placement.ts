/** What Ralex has to know of a Docker Engine: its listeners are ports of this machine, and the edge knows each replica. */
import type { Placement } from "../app/placement";
import { storesOf } from "../app/stores";
import { itemsOf } from "../settings/list";
import type { Settings } from "../settings/schema";

/** What people call this machine, and nothing else does. */
export const MACHINE_NAMES = { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] } as const;

const at = (scheme: "http" | "https", port: number): readonly string[] =>
  [...MACHINE_NAMES.dnsNames, ...MACHINE_NAMES.ipAddresses].map((name) => `${scheme}://${name}:${port}`);

export function dockerPlacement(settings: Settings): Placement {
  const { publicUrl } = settings;
  return {
    urls: {
      web: [...(publicUrl === undefined ? [] : [publicUrl]), ...at("http", settings.webPort)],
      api: at("http", settings.apiPort),
      tls: at("https", settings.tlsPort),
      ...(settings.operatorListeners
        ? {
            prometheus: at("http", settings.prometheusPort),
            logs: at("http", settings.logsPort),
            grafana: at("http", settings.grafanaPort),
          }
        : {}),
    },
    stores: storesOf(settings),
    replicas: "addressed",
    logs: settings.monitoring === "own" ? "sent" : "platform",
    metrics: settings.monitoring,
    machines: "own",
    trustedProxies: itemsOf(settings.trustedProxies ?? ""),
  };
}
