/** Names and labels by which a deployment's containers, networks and volumes are known to Docker. */
import * as pulumi from "@pulumi/pulumi";
import type * as random from "@pulumi/random";

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

/**
 * What a deployment is called, from its one resource in the state. It is chosen once: neither a path nor the stack's
 * present name is in it, so that nothing is replaced when a checkout is moved, cloned or its stack renamed.
 */
export class Identity {
  readonly prefix: pulumi.Output<string>;
  private readonly stack: pulumi.Output<string>;
  private readonly deployment: pulumi.Output<string>;

  constructor(id: random.RandomId) {
    this.stack = id.keepers.apply((keepers) => String(keepers?.stack));
    this.prefix = this.stack.apply(prefixOf);
    this.deployment = id.hex;
  }

  /** `<prefix>-<part>`. */
  name(part: string): pulumi.Output<string> {
    return this.prefix.apply((prefix) => `${prefix}-${part}`);
  }

  /** The labels of everything that belongs to the deployment, by name. */
  labels(more: Readonly<Record<string, string>> = {}): pulumi.Output<Record<string, string>> {
    return pulumi.all([this.stack, this.deployment]).apply(([stack, deployment]): Record<string, string> => ({
      [DEPLOYMENT_LABEL]: deployment,
      [STACK_LABEL]: stack,
      ...more,
    })) as pulumi.Output<Record<string, string>>;
  }

  /** {@link labels} as the Docker provider takes them. */
  labelList(more: Readonly<Record<string, string>> = {}): pulumi.Output<{ label: string; value: string }[]> {
    return this.labels(more).apply((labels) =>
      Object.entries(labels)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]) => ({ label, value })),
    );
  }
}

/** Marks a volume that holds files which are made of the state, and no data. */
export const FILES_LABEL = "ralex.files";

/** Whether the replicas of a service are told apart by a number, whatever their number is now. */
export const isNumbered = ({ maxReplicas }: { readonly maxReplicas: number }): boolean => maxReplicas > 1;

/** Name of a service's replica in a slot, without the deployment's prefix. */
export const replicaName = (service: { readonly name: string; readonly maxReplicas: number }, slot: number): string =>
  isNumbered(service) ? `${service.name}-${slot}` : service.name;
