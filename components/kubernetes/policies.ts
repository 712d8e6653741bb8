/** NetworkPolicies as plain data: nothing is allowed but the flows of the model, in both directions. */
import type { types } from "@pulumi/kubernetes";
import { flowsOf, type Flow } from "../app/flows";
import { isForOperators, withProbe, type Application, type Service } from "../app/model";
import { observabilityOf, portsOf, selector } from "./names";

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
export const elsewhere = (namespace: string, service: string): types.input.networking.v1.NetworkPolicyPeer => ({
  // The API server puts it on every namespace, and nobody can give it to another one.
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels: selector(service) },
});

/**
 * One that refuses everything to every pod of the namespace, and one a service with what it needs.
 * @param namespace - name of the application's namespace.
 */
export function policiesOf(application: Application, namespace: string): readonly Policy[] {
  const services = withProbe(application);
  const flows = flowsOf(application);
  return [
    DEFAULT_DENY,
    ...services.map((service) => ({
      name: service.name,
      spec: allowed(service, services, flows, application, namespace),
    })),
  ];
}

function allowed(
  service: Service,
  services: readonly Service[],
  flows: readonly Flow[],
  { edge, logs }: Application,
  namespace: string,
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
      ...(logs?.collector !== undefined && logs.service === service.name
        ? [
            {
              from: [elsewhere(observabilityOf(namespace), logs.collector.name)],
              ports: portOf(service.name, logs.port),
            },
          ]
        : []),
    ],
    egress: [
      DNS,
      ...outgoing.map(({ to, port }) => ({ to: [peer(to)], ports: portOf(to, port) })),
      ...(service.egress ? [OUTSIDE] : []),
    ],
  };
}
