/** What things of a stack are called in its namespace, and where a service is found. */
import type { Application, Service } from "../app/model";
import { OBSERVABILITY } from "../settings/kubernetes";
import type { ServiceRef } from "../secrets/resolver";

export const SERVICE_LABEL = "app.kubernetes.io/name";
export const STACK_LABEL = "app.kubernetes.io/instance";
const PART_LABEL = "app.kubernetes.io/part-of";

/** Annotation of every pod: a hash over its files, so that another content is another pod. */
export const FILES_ANNOTATION = "ralex.dev/files";
/** Annotation of a pod that composes its files: a keyed hash over what it reads of the Secret, where that is known. */
export const SECRET_ANNOTATION = "ralex.dev/secret";

export const namespaceOf = (stack: string, chosen: string | undefined): string => chosen ?? `ralex-${stack}`;

/** The namespace for what has access to the nodes, beside one of an application. */
export const observabilityOf = (namespace: string): string => `${namespace}${OBSERVABILITY}`;

/** What selects the pods of a service; never changed, since selectors cannot be. */
export const selector = (service: string): Readonly<Record<string, string>> => ({
  [PART_LABEL]: "ralex",
  [SERVICE_LABEL]: service,
});

export const labels = (stack: string, service: string): Readonly<Record<string, string>> => ({
  ...selector(service),
  [STACK_LABEL]: stack,
});

/** Name of the headless Service, which has an address for each replica. */
export const poolName = (service: string): string => `${service}-replicas`;

export const filesName = (service: string): string => `${service}-files`;

/** A name of a port may have 15 characters; ours are short words. */
export const portsOf = (service: Service) =>
  Object.entries(service.ports).map(([name, { number, protocol }]) => ({
    name,
    number,
    protocol: protocol === "tcp" ? "TCP" : "UDP",
  }));

/**
 * A reference to a service as text: the name of its Service, which the cluster's DNS knows in the same namespace.
 * @throws Error for a service or port that the application does not have.
 */
export function serviceText(ref: ServiceRef, application: Application): string {
  const service = application.services.find(({ name }) => name === ref.service);
  if (service === undefined) throw new Error(`there is no service ${ref.service}`);
  if (ref.ref === "host") return service.name;
  const port = service.ports[ref.port];
  if (port === undefined) throw new Error(`${service.name} has no port ${ref.port}`);
  if (ref.ref === "pool") return poolName(service.name);
  const at = `${service.name}:${port.number}`;
  // Replicas have one name between them.
  return ref.ref === "eachAddress" ? `${ref.before}${at}${ref.after}` : at;
}
