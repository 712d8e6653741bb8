/** What Ralex is: every service, secret and volume, for one environment. */
import type { Settings } from "../settings/schema";
import type { Application, SecretSource } from "./model";
import { api, migrations } from "./services/api";
import { DATABASES, databasePassword, postgres, redis } from "./services/data";
import { databases } from "./services/databases";
import { edge, listeners } from "./services/edge";
import { grafana } from "./services/grafana";
import { monitoring } from "./services/monitoring";
import { probe } from "./services/probe";
import { openwebui } from "./services/openwebui";
import { checkApplication } from "./check";

/** Length of generated passwords and keys, in characters of [a-zA-Z0-9]: 238 bits. */
const GENERATED: SecretSource = { from: "generated", length: 40 };

/** Third-party images that not every machine can get. */
export interface Available {
  readonly grafana: boolean;
}

/** The one description of Ralex. Pure: the same settings give the same application. */
export function describeRalex(settings: Settings, available: Available = { grafana: false }): Application {
  const core = [
    ...[postgres, redis, databases, ...(settings.source === undefined ? [migrations] : [])],
    ...[api(settings), openwebui(settings), edge(settings, available.grafana)],
  ];
  const services = [...core, ...monitoring(core), ...(available.grafana ? [grafana(settings)] : [])];
  const generated = [
    ...["apiKey", "adminPassword", "operatorPassword", "webuiSecretKey", "redisPassword", "superuserPassword"],
    ...DATABASES.map(databasePassword),
  ];
  return checkApplication({
    services,
    secrets: {
      ...Object.fromEntries(generated.map((name) => [name, GENERATED])),
      ...Object.fromEntries([...settings.secretsSet].map((setting) => [setting, { from: "setting", setting }])),
      tlsCertificate: { from: "tls", part: "certificate" },
      tlsPrivateKey: { from: "tls", part: "privateKey" },
      tlsCaCertificate: { from: "tls", part: "caCertificate" },
    },
    volumes: [...new Set(services.flatMap((service) => service.volumes.map(({ volume }) => volume)))].sort(),
    edge: {
      service: "edge",
      listeners: listeners(settings, available.grafana),
      balances: { service: "api", port: "http" },
    },
    ...(settings.release === undefined ? {} : { probe: probe(settings, services) }),
    logs: { service: "victorialogs", port: "syslog" },
    omissions: available.grafana ? [] : ["Grafana is left out: the image lock of this machine has none"],
  });
}
