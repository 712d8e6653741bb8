import { canonicalType, finding, propertiesOf, type Finding, type Resource, type ResourceRule } from "../rule";

const INGRESSES = ["networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1"].map(
  (group) => `kubernetes:${group}:Ingress`,
);
const GATEWAYS = ["v1", "v1beta1"].map((version) => `kubernetes:gateway.networking.k8s.io/${version}:Gateway`);
const SERVICE = "kubernetes:core/v1:Service";

/** Ports of data stores and of monitoring: Postgres, Redis, Prometheus, Alertmanager and the exporters. */
const PRIVATE_PORTS: ReadonlySet<number> = new Set([5432, 6379, 9090, 9093, 9100, 9113, 9121, 9187]);

/** What goes over the internet in clear is read and changed on the way. */
export const kubernetesIngressRequireTls: ResourceRule = {
  scope: "resource",
  id: "K8-11",
  name: "kubernetes-ingress-require-tls",
  title: "What comes from outside comes over TLS, and nothing from outside reaches a data store or monitoring",
  severity: "high",
  reason: {
    source: "Kubernetes, Ingress, TLS; Gateway API, TLS",
    link: "https://kubernetes.io/docs/concepts/services-networking/ingress/#tls",
  },
  fix: "Give the Ingress spec.tls with a Secret of cert-manager, the Gateway a listener of protocol HTTPS; make the Service of a data store ClusterIP.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...INGRESSES, ...GATEWAYS, SERVICE],
  check: (resource) => {
    const type = canonicalType(resource.type);
    if (INGRESSES.includes(type)) return ingress(resource);
    return type === SERVICE ? service(resource) : gateway(resource);
  },
};

function ingress(resource: Resource): readonly Finding[] {
  const spec = propertiesOf(resource).get("spec");
  const tls = spec.get("tls");
  if (tls.items().length === 0) return [finding(resource, tls, "the Ingress has no TLS")];
  const secured = tls.items().flatMap((one) => one.get("hosts").items());
  if (secured.some(({ isUnknown }) => isUnknown))
    return [finding(resource, tls, "the hosts of its TLS are not known yet")];
  // Without hosts the certificate is for all of them.
  if (secured.length === 0) return tls.isUnknown ? [finding(resource, tls, "its TLS is not known yet")] : [];
  return spec
    .get("rules")
    .items()
    .map((rule) => rule.get("host"))
    .filter(({ text }) => text !== undefined && !secured.some((host) => host.text === text))
    .map((host) => finding(resource, host, "a host of the Ingress is not among those of its TLS"));
}

const gateway = (resource: Resource): readonly Finding[] => {
  const listeners = propertiesOf(resource).at("spec", "listeners");
  const protocols = listeners.items().map((one) => one.get("protocol"));
  // A listener in clear beside one over TLS is there to redirect to it.
  return protocols.some(({ text }) => text === "HTTPS" || text === "TLS")
    ? []
    : [finding(resource, listeners, "no listener of the Gateway speaks TLS")];
};

function service(resource: Resource): readonly Finding[] {
  const spec = propertiesOf(resource).get("spec");
  const type = spec.get("type");
  if (type.isUnknown) return [finding(resource, type, "the type of the Service is not known yet")];
  if (type.text !== "LoadBalancer" && type.text !== "NodePort") return [];
  return spec
    .get("ports")
    .items()
    .filter((port) => [port.get("port"), port.get("targetPort")].some(({ number }) => PRIVATE_PORTS.has(number ?? 0)))
    .map((port) =>
      finding(resource, port.get("port"), "a data store or monitoring is reached from outside the cluster"),
    );
}
