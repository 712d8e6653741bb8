/** What Ralex is: every service, secret and volume, for one environment. */
import type { Settings } from "../settings/schema";
import type { Application, SecretSource, Service, Volume } from "./model";
import type { Placement } from "./placement";
import { api, migrations } from "./services/api";
import { DATABASES, databasePassword } from "./services/access";
import { postgres, redis, withinMemory } from "./services/data";
import { databases } from "./services/databases";
import { edge, listeners } from "./services/edge";
import { grafana } from "./services/grafana";
import { logStore, monitoring } from "./services/monitoring";
import { probe } from "./services/probe";
import { openwebui } from "./services/openwebui";
import { checkApplication } from "./check";
import { sized } from "./sizes";
import { secretOfSetting } from "./stores";

/** Length of generated passwords and keys, in characters of [a-zA-Z0-9]: 238 bits. */
const GENERATED: SecretSource = { from: "generated", length: 40 };

/** Third-party images that not every machine can get. */
export interface Available {
  readonly grafana: boolean;
}

/**
 * The one description of Ralex. Pure: the same settings in the same place give the same application.
 * @param placement - what a target says of itself.
 */
export function describeRalex(
  settings: Settings,
  placement: Placement,
  available: Available = { grafana: false },
): Application {
  const isMonitored = placement.metrics === "own";
  const hasGrafana = isMonitored && available.grafana;
  const core = coreOf(settings, placement, hasGrafana);
  const monitors = monitoring(core, placement);
  const wished = [
    ...core,
    ...(placement.metrics === "none" ? [] : monitors),
    ...(hasGrafana ? [grafana(placement)] : []),
  ];
  const services = sized(wished, settings.size).map(withinMemory);
  const generated = [
    ...["apiKey", "adminPassword", "operatorPassword", "webuiSecretKey", "redisPassword", "superuserPassword"],
    ...DATABASES.map(databasePassword),
  ];
  const all = keepingAll(placement);
  return checkApplication({
    services,
    secrets: {
      ...Object.fromEntries(generated.map((name) => [name, GENERATED])),
      ...Object.fromEntries(
        [...settings.secretsSet].map((setting) => [secretOfSetting(setting), { from: "setting", setting }]),
      ),
      tlsCertificate: { from: "tls", part: "certificate" },
      tlsPrivateKey: { from: "tls", part: "privateKey" },
      tlsCaCertificate: { from: "tls", part: "caCertificate" },
    },
    volumes: volumesOf([...coreOf(settings, all, hasGrafana), ...monitoring(core, all), grafana(placement)]),
    edge: {
      service: "edge",
      listeners: listeners(settings, placement, hasGrafana),
      balances: { service: "api", port: "http" },
    },
    ...(settings.release === undefined ? {} : { probe: probe(settings, placement, services) }),
    ...(isMonitored && placement.logs !== "platform" ? { logs: logStore(placement.logs) } : {}),
    omissions: [
      ...(settings.size === "edge" ? ["Monitoring and a second replica of the API are left out: size is edge"] : []),
      ...(available.grafana || !isMonitored ? [] : ["Grafana is left out: the image lock of this machine has none"]),
    ],
  });
}

/** What serves people, and its stores where they are the stack's. */
function coreOf(settings: Settings, placement: Placement, hasGrafana: boolean): readonly Service[] {
  const { stores } = placement;
  return [
    ...(stores.postgres === "container" ? [postgres(placement.replicas)] : []),
    ...(stores.redis === "container" ? [redis] : []),
    databases(stores),
    ...(settings.source === undefined ? [migrations(stores)] : []),
    ...[api(settings, placement), openwebui(settings, placement), edge(settings, placement, hasGrafana)],
  ];
}

/** Where a stack keeps all that it ever may: another setting may bring it back. */
const keepingAll = (placement: Placement): Placement => ({
  ...placement,
  logs: "sent",
  metrics: "own",
  machines: "own",
  stores: { postgres: "container", redis: "container" },
});

const volumesOf = (services: readonly Service[]): readonly Volume[] =>
  services
    .flatMap(({ volumes }) => volumes.map(({ volume: name, sizeGiB }) => ({ name, sizeGiB })))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
