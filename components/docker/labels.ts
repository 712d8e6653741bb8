/** Names and labels by which a deployment's containers, networks and volumes are known to Docker; commands read them too. */

/** The Pulumi stack that the deployment was made as, which a later rename of the stack leaves alone. */
export const STACK_LABEL = "ralex.stack";
/** The deployment's own id: two checkouts, or two stacks of one name, never touch each other's containers. */
export const DEPLOYMENT_LABEL = "ralex.deployment";
export const SERVICE_LABEL = "ralex.service";
/** The image that a container was made from, as `repository@sha256:…`. */
export const IMAGE_LABEL = "ralex.image";

/** Logical name of the resource that holds a deployment's identity. */
export const identityName = (component: string): string => `${component}-identity`;

/** Start of all names of a deployment that was made as the stack: `ralex-dev`. */
export const prefixOf = (stack: string): string => `ralex-${stack}`;

/** Marks a volume that holds files which are made of the state, and no data. */
export const FILES_LABEL = "ralex.files";

/** Whether the replicas of a service are told apart by a number, whatever their number is now. */
export const isNumbered = ({ maxReplicas }: { readonly maxReplicas: number }): boolean => maxReplicas > 1;

/** Name of a service's replica in a slot, without the deployment's prefix. */
export const replicaName = (service: { readonly name: string; readonly maxReplicas: number }, slot: number): string =>
  isNumbered(service) ? `${service.name}-${slot}` : service.name;
