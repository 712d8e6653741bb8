import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import type { Verification as Result } from "../app/outputs";

/** Something that runs, with the image that it is to run, as `repository@sha256:…`. */
export interface Expected {
  readonly service: string;
  readonly image: string;
  /** What there is at least: an autoscaler may have made more, and a node more. */
  readonly replicas: number;
  /** Where it is not that of the application. */
  readonly namespace?: string;
}

export interface VerificationArgs {
  readonly context: string;
  readonly namespace: string;
  /** Everything that runs. */
  readonly services: readonly Expected[];
  /** The Job with the checks; every verification makes one of its own. */
  readonly probe: pulumi.Input<{
    readonly metadata: types.input.meta.v1.ObjectMeta;
    readonly spec: types.input.batch.v1.JobSpec;
  }>;
  /** Changes with anything that a pod is made from. */
  readonly hash: pulumi.Input<string>;
}

/**
 * The deployment's own checks after it is up. They run again whenever pods were made anew; failing, they fail the update,
 * and the result before stays.
 */
export class Verification extends pulumi.CustomResource {
  /** Computed from what the checks wrote, and from nothing else. */
  declare readonly result: pulumi.Output<Result>;

  constructor(name: string, args: VerificationArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "ralex:kubernetes:Checks",
      name,
      { ...args, services: [...args.services], result: undefined, rollouts: undefined },
      opts,
    );
  }
}
