/** The deployment's own checks, run from inside the private network once everything is up. */
import type { Settings } from "../../settings/schema";
import type { Service, Text } from "../model";
import type { Placement } from "../placement";
import { address, eachAddress, join, pool, secret, text } from "../text";

const API_KEY = "/etc/ralex/secrets/api_key";
const CA = "/etc/ralex/ca.crt";
const CONFIGURATION = "/etc/ralex/probe.json";

/** The name that has an address for each replica, with the port. */
const poolOf = (service: Service | undefined): Text =>
  service === undefined ? "" : join(pool(service.name, "http"), `:${service.ports.http?.number}`);

/** @param services - everything that runs; what has metrics has to be scraped. */
export function probe(
  settings: Settings,
  { metrics, urls, replicas }: Placement,
  services: readonly Service[],
): Service {
  const isMonitored = metrics === "own";
  const jobs = (isMonitored ? services : []).filter((service) => service.metrics !== undefined).map(({ name }) => name);
  const api = services.find(({ name }) => name === "api");
  const rest = {
    tls_name: new URL(urls.tls[0] ?? "").hostname,
    jobs,
    api_key_file: API_KEY,
    ca_file: CA,
    seconds: settings.waitSeconds,
  };
  return {
    name: "probe",
    kind: "job",
    image: "probe",
    replicas: 1,
    maxReplicas: 1,
    command: [CONFIGURATION],
    environment: {},
    files: [
      {
        path: CONFIGURATION,
        content: join(
          text`{"api":"http://${address("edge", "api")}","tls":"https://${address("edge", "tls")}",`,
          text`"web":"http://${address("edge", "web")}",`,
          isMonitored ? text`"prometheus":"http://${address("prometheus", "http")}",` : "",
          join('"replicas":"', replicas === "addressed" ? eachAddress("api", "http", "", " ") : poolOf(api), '",'),
          `${JSON.stringify(rest).slice(1)}\n`,
        ),
        secret: false,
      },
      { path: API_KEY, content: secret("apiKey"), secret: true },
      { path: CA, content: secret("tlsCaCertificate"), secret: false },
    ],
    ports: {},
    volumes: [],
    scratch: [{ path: "/tmp", sizeMiB: 8 }],
    dependsOn: [],
    resources: { cpus: 0.5, memoryMiB: 64, pids: 32, requests: { cpus: 0.1, memoryMiB: 32 } },
    // User of the image's own Dockerfile.
    user: { uid: 10001, gid: 10001 },
    stopGraceSeconds: 5,
    egress: false,
  };
}
