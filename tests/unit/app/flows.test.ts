import { flowsOf } from "../../../components/app/flows";
import type { Available } from "../../../components/app/ralex";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const flows = (stack: Record<string, unknown> = {}, available?: Available) =>
  flowsOf(onDocker(loadSettings({ environment: {}, dotenv: {}, stack }), available)).map(
    ({ from, to, port }) => `${from} -> ${to}:${port}`,
  );

const release = { id: "r-1", images: {} };
const CORE = [
  "databases -> postgres:sql",
  "migrations -> postgres:sql",
  "api -> postgres:sql",
  "api -> redis:redis",
  "openwebui -> edge:api",
  "openwebui -> postgres:sql",
  "openwebui -> redis:redis",
  "edge -> api:http",
  "edge -> openwebui:http",
];

describe("who talks to whom", () => {
  test("is just this, where nothing is watched", () => {
    expect(flows({ monitoring: "none" }).sort()).toEqual([...CORE].sort());
  });

  test("is more where metrics and logs are kept: each is scraped, and writes its log", () => {
    const watched = ["api", "prometheus", "alertmanager", "victorialogs"];
    const exporters = ["node-exporter", "postgres-exporter", "redis-exporter", "nginx-exporter"];
    const all = flows();
    expect(all).toHaveLength(new Set(all).size);
    expect(all.filter((flow) => flow.startsWith("prometheus -> ")).sort()).toEqual(
      [...watched, ...exporters]
        .filter((name) => name !== "prometheus")
        .map((name) => `prometheus -> ${name}:http`)
        .concat("prometheus -> victorialogs:syslog")
        .sort(),
    );
    expect(all.filter((flow) => flow.endsWith("victorialogs:syslog"))).toHaveLength(13);
    const rest = all.filter((flow) => !/^prometheus -> |:syslog$/.test(flow));
    expect(rest.sort()).toEqual(
      [
        ...CORE,
        "postgres-exporter -> postgres:sql",
        "redis-exporter -> redis:redis",
        "nginx-exporter -> edge:status",
      ].sort(),
    );
  });

  test("lets operators through the edge alone, and the probe ask what it checks", () => {
    const operated = flows({ operatorListeners: true }, { grafana: true });
    for (const to of ["prometheus", "victorialogs", "grafana"]) expect(operated).toContain(`edge -> ${to}:http`);
    const probe = flows({ monitoring: "none", release }).filter((flow) => flow.startsWith("probe"));
    expect(probe.sort()).toEqual(["probe -> api:http", "probe -> edge:api", "probe -> edge:tls", "probe -> edge:web"]);
  });
});
