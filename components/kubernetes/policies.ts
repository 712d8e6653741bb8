/** NetworkPolicies as plain data: nothing is allowed but the flows of the model, in both directions. */
import type { types } from "@pulumi/kubernetes";
import { flowsOf, type Flow } from "../app/flows";
import { isForOperators, withProbe, type Application, type Service } from "../app/model";
import type { Settings } from "../settings/schema";
import { KEDA_OPERATOR } from "./autoscaling";
import { observabilityOf, portsOf, selector } from "./names";
import { OPERATED_PROMETHEUS } from "./service-monitors";

type Spec = types.input.networking.v1.NetworkPolicySpec;

export interface Policy {
  readonly name: string;
  readonly spec: Spec;
}

/** Names are asked of the cluster's DNS, in whatever namespace it is. */
export const DNS: types.input.networking.v1.NetworkPolicyEgressRule = {
  to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Everything outside: an upstream may be anywhere, and may be in this cluster. */
const OUTSIDE: types.input.networking.v1.NetworkPolicyEgressRule = { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] };

/** Refuses everything to every pod of a namespace. */
export const DEFAULT_DENY: Policy = {
  name: "default-deny",
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};

/** Pods of another namespace: both selectors in one peer, so that neither of them alone is enough. */
export const elsewhere = (
  namespace: string,
  matchLabels: Readonly<Record<string, string>>,
): types.input.networking.v1.NetworkPolicyPeer => ({
  // The API server puts it on every namespace, and nobody can give it to another one.
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels },
});

/** Who comes from another namespace, and to which ports. */
interface Guest {
  readonly from: types.input.networking.v1.NetworkPolicyPeer;
  readonly to: string;
  readonly port: string;
}

function guestsOf({ logs, services }: Application, namespace: string, settings: Settings): readonly Guest[] {
  const { keda, serviceMonitors } = settings;
  return [
    ...(logs?.collector === undefined
      ? []
      : [
          {
            from: elsewhere(observabilityOf(namespace), selector(logs.collector.name)),
            to: logs.service,
            port: logs.port,
          },
        ]),
    ...(keda === undefined ? [] : [{ from: elsewhere(keda, KEDA_OPERATOR), to: "prometheus", port: "http" }]),
    ...(serviceMonitors === undefined
      ? []
      : services.flatMap(({ name, metrics }): Guest[] =>
          metrics === undefined
            ? []
            : [{ from: elsewhere(serviceMonitors, OPERATED_PROMETHEUS), to: name, port: metrics.port }],
        )),
  ];
}

/**
 * One that refuses everything to every pod of the namespace, and one a service with what it needs.
 * @param namespace - name of the application's namespace.
 */
export function policiesOf(application: Application, namespace: string, settings: Settings): readonly Policy[] {
  const guests = guestsOf(application, namespace, settings);
  const services = withProbe(application);
  const flows = flowsOf(application);
  return [
    DEFAULT_DENY,
    ...services.map((service) => ({
      name: service.name,
      spec: allowed(service, services, flows, application, guests),
    })),
  ];
}

function allowed(
  service: Service,
  services: readonly Service[],
  flows: readonly Flow[],
  { edge }: Application,
  guests: readonly Guest[],
): Spec {
  const peer = (name: string) => ({ podSelector: { matchLabels: selector(name) } });
  const portOf = (of: string, port: string) => {
    const found = services.filter(({ name }) => name === of).flatMap(portsOf);
    return found.filter(({ name }) => name === port).map(({ number, protocol }) => ({ port: number, protocol }));
  };
  const incoming = flows.filter(({ to }) => to === service.name);
  const outgoing = flows.filter(({ from }) => from === service.name);
  // Whoever reaches the cluster's published address: people, a load balancer, an Ingress controller. An operator comes by
  // kubectl port-forward, which begins inside the pod, where no policy is asked.
  const published = edge.listeners
    .filter((listener) => !isForOperators(listener))
    .flatMap(({ port }) => portOf(service.name, port));
  return {
    podSelector: { matchLabels: selector(service.name) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      ...(service.name === edge.service ? [{ ports: published }] : []),
      ...incoming.map(({ from, port }) => ({ from: [peer(from)], ports: portOf(service.name, port) })),
      ...guests
        .filter(({ to }) => to === service.name)
        .map(({ from, port }) => ({ from: [from], ports: portOf(service.name, port) })),
    ],
    egress: [
      DNS,
      ...outgoing.map(({ to, port }) => ({ to: [peer(to)], ports: portOf(to, port) })),
      ...(service.egress ? [OUTSIDE] : []),
    ],
  };
}
