/** The description of Ralex in a place that is no Docker Engine: the model asks the placement, and nothing else. */
import * as yaml from "yaml";
import type { Text } from "../../../components/app/model";
import type { Placement } from "../../../components/app/placement";
import { describeRalex } from "../../../components/app/ralex";
import { NAMED_CONNECTION_SECONDS } from "../../../components/app/services/nginx";
import { loadSettings } from "../../../components/settings/load";

const CLUSTER: Placement = {
  urls: {
    web: ["https://chat.ralex.example"],
    api: ["https://api.ralex.example"],
    tls: ["https://ralex.example:8443"],
  },
  stores: { postgres: "container", redis: "container" },
  replicas: "named",
  metrics: "own",
  machines: "platform",
  logs: "platform",
  trustedProxies: ["10.42.0.0/16"],
};

/** The text, with the service's name for each reference. */
const plain = (value: Text): string => {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map(plain).join("");
  if (value.ref === "secret") return `<${value.secret}>`;
  return value.ref === "eachAddress" ? `${value.before}${value.service}${value.after}` : value.service;
};

function described(stack: Record<string, unknown> = {}, grafana = false) {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { apiReplicas: 3, ...stack } });
  const application = describeRalex(settings, CLUSTER, { grafana });
  const service = (name: string) => application.services.find((one) => one.name === name);
  const file = (of: string, path: string) =>
    plain(service(of)?.files.find((one) => one.path === path)?.content ?? "there is no such file");
  return { application, service, file };
}

describe("in a place where the platform finds and drains replicas", () => {
  const configuration = described().file("edge", "/etc/ralex/nginx.conf");

  test("the edge has one upstream for the API, whatever the number of replicas, and looks for no marks", () => {
    expect(configuration.match(/^ {2}upstream api\S* \{$/gm)).toEqual(["  upstream api {"]);
    expect(configuration).toContain("set $api_pool api;");
    expect(configuration).not.toContain("drained");
  });

  test("each service is asked by its own name, and connections to the API are short", () => {
    expect(configuration).toContain(
      "    server api;\n    keepalive_time 3s;\n    keepalive_timeout 2s;\n    keepalive_requests 10;\n    keepalive 64;\n",
    );
    expect(configuration).toContain("  upstream web {\n    server openwebui;\n  }\n");
  });

  test("Prometheus asks every replica that its pool's name has at that time", () => {
    const scraped = described().file("prometheus", "/etc/ralex/prometheus.yml");
    const parsed = yaml.parse(scraped) as { scrape_configs: Record<string, unknown>[] };
    const api = parsed.scrape_configs.find(({ job_name }) => job_name === "api");
    expect(api).toEqual({
      job_name: "api",
      metrics_path: "/metrics",
      dns_sd_configs: [{ type: "A", refresh_interval: "5s", names: ["api"], port: 8000 }],
    });
    expect(parsed.scrape_configs.filter((job) => "static_configs" in job)).toEqual([]);
  });

  test("Postgres takes passwords from whatever network a pod is in: those of other nodes are of other ones", () => {
    const rules = described().file("postgres", "/etc/ralex/pg_hba.conf").trim().split("\n");
    expect(rules).toEqual(["local all postgres peer", "host sameuser all all scram-sha-256"]);
  });

  test("the edge lets no client keep a connection for longer than it goes on answering once it was told to end", () => {
    expect(configuration).toContain(`  keepalive_timeout 65s;\n  keepalive_time ${NAMED_CONNECTION_SECONDS}s;\n`);
  });

  test("the edge believes the proxies that the place names", () => {
    expect(configuration).toContain("set_real_ip_from 10.42.0.0/16;");
  });
});

describe("in a place with addresses of its own", () => {
  test("Open WebUI is told where it is, and takes websockets from there alone", () => {
    const environment = described().service("openwebui")?.environment;
    expect(environment?.WEBUI_URL).toBe("https://chat.ralex.example");
    expect(environment?.CORS_ALLOW_ORIGIN).toBe("https://chat.ralex.example;https://ralex.example:8443");
  });

  test("Grafana is told where it is only where its listener is open", () => {
    expect(described({}, true).service("grafana")?.environment).not.toHaveProperty("GF_SERVER_ROOT_URL");
  });

  test("the probe asks for the certificate's name there", () => {
    const release = { id: "r-1", images: {} };
    const [configuration] = described({ release }).application.probe?.files ?? [];
    expect(plain(configuration?.content ?? "")).toContain('"tls_name":"ralex.example"');
  });

  test("no description says localhost, but in what a container asks itself", () => {
    const { application } = described({ release: { id: "r-1", images: {} }, operatorListeners: true }, true);
    const texts = application.services.flatMap(({ environment, files }) => [
      ...Object.values(environment),
      ...files.map(({ content }) => content),
    ]);
    expect(texts.map(plain).filter((text) => text.includes("localhost"))).toEqual([]);
  });
});

test("where the platform takes the logs, none is sent to the stack's own store", () => {
  expect(described().application.logs).toBeUndefined();
});
