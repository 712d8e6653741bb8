/** The edge: the only service with published ports. */
import type { Settings } from "../../settings/schema";
import type { Listener, Service } from "../model";
import type { Placement } from "../placement";
import { join, secret } from "../text";
import { ASKED_RARELY } from "./health";
import { EDGE_PORTS, nginxConfiguration } from "./nginx";

export const listeners = (settings: Settings, placement: Placement, grafana: boolean): readonly Listener[] => [
  { name: "web", published: settings.webPort, port: "web" },
  { name: "api", published: settings.apiPort, port: "api" },
  { name: "tls", published: settings.tlsPort, port: "tls" },
  ...(settings.operatorListeners
    ? ([
        { name: "prometheus", published: settings.prometheusPort, port: "prometheus" },
        ...(placement.logs === "platform"
          ? []
          : [{ name: "logs", published: settings.logsPort, port: "logs" } as const]),
        ...(grafana ? [{ name: "grafana", published: settings.grafanaPort, port: "grafana" } as const] : []),
      ] as const)
    : []),
];

export const edge = (settings: Settings, placement: Placement, grafana: boolean): Service => ({
  name: "edge",
  kind: "service",
  image: "nginx",
  replicas: 1,
  maxReplicas: 1,
  entrypoint: ["nginx", "-c", "/etc/ralex/nginx.conf", "-e", "/dev/stderr", "-g", "daemon off;"],
  environment: {},
  files: [
    { path: "/etc/ralex/nginx.conf", content: nginxConfiguration(settings, placement, grafana), secret: false },
    { path: "/etc/ralex/tls.crt", content: secret("tlsCertificate"), secret: false },
    { path: "/etc/ralex/secrets/tls.key", content: secret("tlsPrivateKey"), secret: true },
    ...(settings.operatorListeners
      ? [
          {
            path: "/etc/ralex/secrets/operators",
            content: join("operator:", secret("operatorPassword", "htpasswd"), "\n"),
            secret: true,
          },
        ]
      : []),
  ],
  ports: Object.fromEntries(Object.entries(EDGE_PORTS).map(([name, number]) => [name, { number, protocol: "tcp" }])),
  health: {
    command: ["curl", "-fsS", "-o", "/dev/null", `http://127.0.0.1:${EDGE_PORTS.status}/-/health`],
    http: { port: "status", path: "/-/health" },
    ...ASKED_RARELY,
    timeoutSeconds: 3,
    startPeriodSeconds: 10,
  },
  volumes: [],
  // The pid and the marks of drained replicas. Far below the memory that it counts against: filled, it ends no process.
  scratch: [{ path: "/tmp", sizeMiB: 16 }],
  dependsOn: [
    { service: "api", condition: "healthy" },
    { service: "openwebui", condition: "healthy" },
  ],
  resources: { cpus: 1, memoryMiB: 128, pids: 32, requests: { cpus: 0.05, memoryMiB: 32 } },
  user: { uid: 101, gid: 101 },
  stopGraceSeconds: 30,
  egress: false,
});
