/** What leads to the edge where somebody else's proxy ends TLS: an Ingress, or a route of the Gateway API; as plain data. */
import type { types } from "@pulumi/kubernetes";
import type { Application } from "../app/model";
import { pairsOf } from "../settings/metadata-lines";
import type { Settings } from "../settings/schema";
import { secretData } from "./files";
import { edgePort } from "./network";

/** Name of the Secret with the edge's certificate, for an Ingress controller. */
export const TLS_SECRET = "edge-tls";

export const TLS_SECRET_TYPE = "kubernetes.io/tls";

/** The certificate of an Ingress, as its controller wants it. */
export const tlsSecretData = (certificate: string, privateKey: string): Record<string, string> =>
  secretData({ "tls.crt": certificate, "tls.key": privateKey });

/** Paths and the ports of the edge that answer them; the longest one that fits is taken. */
const PATHS = [
  { prefix: "/v1", port: "api" },
  { prefix: "/", port: "web" },
] as const;

/** As long as the edge itself waits for Open WebUI, in seconds. */
const LONGEST_SILENCE = 3600;

/**
 * An answer may take an hour and an upload may be large: the edge bounds both, and each controller has bounds of its own,
 * which would cut them. Whoever does not know an annotation passes it over. Sources: the annotations' own pages of
 * ingress-nginx, NGINX Ingress Controller, Contour and HAProxy.
 */
export const UNBOUNDED: Readonly<Record<string, string>> = {
  "haproxy.org/timeout-server": `${LONGEST_SILENCE}s`,
  "nginx.ingress.kubernetes.io/proxy-body-size": "0",
  "nginx.ingress.kubernetes.io/proxy-read-timeout": String(LONGEST_SILENCE),
  "nginx.org/client-max-body-size": "0",
  "nginx.org/proxy-read-timeout": `${LONGEST_SILENCE}s`,
  "nginx.org/websocket-services": "edge",
  "projectcontour.io/response-timeout": "infinity",
  "projectcontour.io/websocket-routes": "/",
};

/** Annotations of the Ingress: those that every answer needs, and the settings' own, which win. */
export const ingressAnnotations = ({ ingressAnnotations: own = "" }: Settings): Record<string, string> =>
  Object.fromEntries(Object.entries({ ...UNBOUNDED, ...pairsOf(own) }).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The Ingress, which ends TLS with the stack's own certificate, or another one, and passes on to the edge. */
export function ingressSpec(
  application: Application,
  settings: Settings,
  secretName: string,
): types.input.networking.v1.IngressSpec {
  const host = settings.hostName ?? "";
  const paths = PATHS.map(({ prefix, port }) => ({
    path: prefix,
    pathType: "Prefix",
    backend: { service: { name: application.edge.service, port: { number: edgePort(application, port) } } },
  }));
  return {
    ...(settings.ingressClass === undefined ? {} : { ingressClassName: settings.ingressClass }),
    tls: [{ hosts: [host], secretName: settings.tlsSecret ?? secretName }],
    rules: [{ host, http: { paths } }],
  };
}

export const ROUTE_VERSION = "gateway.networking.k8s.io/v1";

/** The HTTPRoute, from a listener of the cluster's Gateway, which ends TLS, to the edge. */
export function routeSpec(application: Application, { gateway = "", hostName = "" }: Settings) {
  const [namespace = "", name = "", sectionName = ""] = gateway.split("/");
  return {
    parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", namespace, name, sectionName }],
    hostnames: [hostName],
    rules: PATHS.map(({ prefix, port }) => ({
      matches: [{ path: { type: "PathPrefix", value: prefix } }],
      backendRefs: [
        { group: "", kind: "Service", name: application.edge.service, port: edgePort(application, port), weight: 1 },
      ],
      // None: the edge has its own.
      timeouts: { request: "0s" },
    })),
  };
}
