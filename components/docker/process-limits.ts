import * as pulumi from "@pulumi/pulumi";

/** A running container and its largest number of processes and threads. */
export interface LimitedContainer {
  readonly name: pulumi.Input<string>;
  /** Docker's id: a limit belongs to a container, and another one has none yet. */
  readonly id: pulumi.Input<string>;
  readonly pids: number;
}

/**
 * The limits on processes of all containers. The Docker provider has no such input, so they are set on the made
 * containers, through the engine's own update of a container; it keeps them over every start. The cost of one resource
 * for all: containers of an update that fails in its middle have none until the next one.
 */
export class ProcessLimits extends pulumi.CustomResource {
  constructor(name: string, containers: readonly LimitedContainer[], opts?: pulumi.CustomResourceOptions) {
    super("ralex:docker:ProcessLimits", name, { containers: [...containers] }, opts);
  }
}
