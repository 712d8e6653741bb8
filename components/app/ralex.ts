/** What Ralex is: every service, secret and volume, for one environment. */
import type { Settings } from "../settings/schema";
import type { Application, SecretSource } from "./model";
import { api, migrations } from "./services/api";
import { DATABASES, databasePassword, postgres, redis } from "./services/data";
import { edge, listeners } from "./services/edge";
import { monitoring } from "./services/monitoring";
import { openwebui } from "./services/openwebui";
import { checkApplication } from "./check";

/** Length of generated passwords and keys, in characters of [a-zA-Z0-9]: 238 bits. */
const GENERATED: SecretSource = { from: "generated", length: 40 };

/** The one description of Ralex. Pure: the same settings give the same application. */
export function describeRalex(settings: Settings): Application {
  const core = [postgres, redis, migrations, api(settings), openwebui(settings), edge(settings)];
  const services = [...core, ...monitoring(core)];
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
    edge: { service: "edge", listeners: listeners(settings) },
    logs: { service: "victorialogs", port: "syslog" },
    omissions: [],
  });
}
