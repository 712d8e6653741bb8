/** How a service is found inside the namespace, and the edge from outside it, as plain data. */
import type { types } from "@pulumi/kubernetes";
import type { Application, Service } from "../app/model";
import type { Settings } from "../settings/schema";
import { poolName, portsOf, selector } from "./names";
import { HTTPS_PORT } from "./placement";

type ServiceSpec = types.input.core.v1.ServiceSpec;

export interface NamedService {
  readonly name: string;
  readonly spec: ServiceSpec;
}

/** The service's own name, which balances, and the name of its pool, which has an address for each replica. */
export function servicesOf(service: Service): readonly NamedService[] {
  const ports = portsOf(service).map(({ name, number, protocol }) => ({
    name,
    port: number,
    targetPort: number,
    protocol,
  }));
  if (ports.length === 0) return [];
  return [
    { name: service.name, spec: { type: "ClusterIP", selector: selector(service.name), ports } },
    ...(service.metrics === undefined && service.readiness === undefined
      ? []
      : [
          {
            name: poolName(service.name),
            spec: { type: "ClusterIP", clusterIP: "None", selector: selector(service.name), ports },
          },
        ]),
  ];
}

/** Number of a port of the edge. */
export const edgePort = ({ services, edge }: Application, port: string): number =>
  services.find(({ name }) => name === edge.service)?.ports[port]?.number ?? 0;

const PUBLIC_TYPES = { nodePort: "NodePort", loadBalancer: "LoadBalancer" } as const;

/** The Service through which people reach the edge; none where an Ingress or kubectl leads to it. */
export function publicService(application: Application, settings: Settings): NamedService | undefined {
  const { exposure, nodePort } = settings;
  if (exposure !== "nodePort" && exposure !== "loadBalancer") return undefined;
  const { service, listeners } = application.edge;
  const target = listeners.find(({ name }) => name === "tls")?.port ?? "";
  return {
    name: `${service}-public`,
    spec: {
      type: PUBLIC_TYPES[exposure],
      selector: selector(service),
      ports: [
        {
          name: "https",
          port: HTTPS_PORT,
          targetPort: edgePort(application, target),
          protocol: "TCP",
          ...(exposure === "nodePort" ? { nodePort } : {}),
        },
      ],
    },
  };
}
