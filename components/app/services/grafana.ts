/** Grafana: shows the dashboard. It joins where its image is to be had. */
import { DATA_SOURCE, ralexDashboard } from "../dashboard";
import type { Service } from "../model";
import type { Placement } from "../placement";
import { address, secret, text } from "../text";
import { yamlText } from "../yaml-text";
import { ASKED_RARELY } from "./health";

const PROVISIONING = "/etc/ralex/provisioning";
const DASHBOARDS = "/etc/ralex/dashboards";

export const grafana = ({ urls }: Placement): Service => ({
  name: "grafana",
  kind: "service",
  image: "grafana",
  replicas: 1,
  maxReplicas: 1,
  environment: {
    GF_SECURITY_ADMIN_USER: "operator",
    GF_SECURITY_ADMIN_PASSWORD__FILE: "/etc/ralex/secrets/password",
    ...(urls.grafana?.[0] === undefined ? {} : { GF_SERVER_ROOT_URL: urls.grafana[0] }),
    GF_PATHS_PROVISIONING: PROVISIONING,
    GF_USERS_ALLOW_SIGN_UP: "false",
    GF_AUTH_ANONYMOUS_ENABLED: "false",
    GF_ANALYTICS_REPORTING_ENABLED: "false",
    GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
    GF_PLUGINS_PREINSTALL_DISABLED: "true",
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${DASHBOARDS}/ralex.json`,
  },
  files: [
    { path: "/etc/ralex/secrets/password", content: secret("operatorPassword"), secret: true },
    {
      path: `${PROVISIONING}/datasources/ralex.yaml`,
      content: yamlText({
        apiVersion: 1,
        datasources: [
          {
            ...{ name: "Prometheus", uid: DATA_SOURCE, type: "prometheus", access: "proxy", isDefault: true },
            url: text`http://${address("prometheus", "http")}`,
          },
        ],
      }),
      secret: false,
    },
    {
      path: `${PROVISIONING}/dashboards/ralex.yaml`,
      content: yamlText({ apiVersion: 1, providers: [{ name: "ralex", options: { path: DASHBOARDS } }] }),
      secret: false,
    },
    { path: `${DASHBOARDS}/ralex.json`, content: `${JSON.stringify(ralexDashboard())}\n`, secret: false },
  ],
  ports: { http: { number: 3000, protocol: "tcp" } },
  health: {
    command: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"],
    http: { port: "http", path: "/api/health" },
    ...ASKED_RARELY,
    timeoutSeconds: 3,
    startPeriodSeconds: 60,
  },
  volumes: [{ volume: "grafana", path: "/var/lib/grafana", sizeGiB: 1, holds: "database" }],
  scratch: [{ path: "/tmp", sizeMiB: 64 }],
  dependsOn: [{ service: "prometheus", condition: "started" }],
  resources: { cpus: 0.5, memoryMiB: 384, pids: 128, requests: { cpus: 0.02, memoryMiB: 128 } },
  user: { uid: 472, gid: 472 },
  stopGraceSeconds: 15,
  egress: false,
});
