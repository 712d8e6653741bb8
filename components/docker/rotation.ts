import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../app/model";
import { drainFile } from "../app/services/nginx";
import { ownCheck } from "./container";

export interface AdmissionArgs {
  readonly service: Service;
  readonly slot: number;
  readonly container: pulumi.Input<string>;
  /** Docker's id of the container: another one is a replica that has to be admitted. */
  readonly containerId: pulumi.Input<string>;
  /** Container of the edge that balances the service. */
  readonly edge: pulumi.Input<string>;
  /** How long the replica may take to become healthy, and then to become ready. */
  readonly waitSeconds: number;
}

/**
 * A replica's place in the edge's rotation. It is deleted before the container that it names, and made after: so the
 * replica is drained first, and gets requests when it is ready.
 */
export class Admission extends pulumi.CustomResource {
  constructor(name: string, args: AdmissionArgs, opts?: pulumi.CustomResourceOptions) {
    const { service, slot, container, containerId, edge, waitSeconds } = args;
    super(
      "ralex:docker:Admission",
      name,
      {
        container,
        containerId,
        edge,
        waitSeconds,
        drainFile: drainFile(slot),
        // A single replica has none to stand in for it.
        drains: service.replicas > 1,
        readiness: [...(service.readiness?.command ?? [])],
        ...ownCheck(service.health),
      },
      opts,
    );
  }
}
