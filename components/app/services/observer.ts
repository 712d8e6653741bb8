/** What the services that observe others have in common. */
import type { Service } from "../model";
import { ASKED_RARELY } from "./health";

const NOBODY = { uid: 65534, gid: 65534 };

/** What they have in common: small, confined, one of each. */
export const base = {
  kind: "service",
  replicas: 1,
  maxReplicas: 1,
  environment: {},
  files: [],
  volumes: [],
  scratch: [],
  dependsOn: [],
  resources: { cpus: 0.25, memoryMiB: 64, pids: 64, requests: { cpus: 0.01, memoryMiB: 16 } },
  user: NOBODY,
  stopGraceSeconds: 10,
  egress: false,
} as const;

export const tcp = (number: number) => ({ number, protocol: "tcp" }) as const;

/** Of Prometheus and Alertmanager, whose images have busybox; docs/official-images.md says what each image has. */
export const wget = (port: number, path: string): Service["health"] => ({
  command: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${port}${path}`],
  http: { port: "http", path },
  ...ASKED_RARELY,
  timeoutSeconds: 3,
  startPeriodSeconds: 20,
});
