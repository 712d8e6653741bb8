import * as pulumi from "@pulumi/pulumi";
import type { Health } from "../app/model";
import { ownCheck } from "./container";

/** A running container, how it is limited and how it is asked. */
export interface StartedContainer {
  readonly name: pulumi.Input<string>;
  /** Docker's id: a limit belongs to a container, and another one has none yet. */
  readonly id: pulumi.Input<string>;
  /** Largest number of processes and threads. */
  readonly pids: number;
  readonly health: Health | undefined;
}

export interface ReadinessArgs {
  readonly containers: readonly StartedContainer[];
  /** How long they may take to become healthy. */
  readonly waitSeconds: number;
}

/**
 * Containers that are up: limited and healthy. It asks their own checks itself, since the engine asks rarely, and it sets
 * the limits on processes, for which the Docker provider has no input. The cost of one resource for many containers: those
 * of an update that fails in its middle have no limits until the next one.
 */
export class Readiness extends pulumi.CustomResource {
  constructor(name: string, args: ReadinessArgs, opts?: pulumi.CustomResourceOptions) {
    const containers = args.containers.map(({ health, ...container }) => ({ ...container, ...ownCheck(health) }));
    super("ralex:docker:Readiness", name, { containers, waitSeconds: args.waitSeconds }, opts);
  }
}
