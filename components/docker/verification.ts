import * as pulumi from "@pulumi/pulumi";
import type { Verification as Result } from "../app/outputs";

export interface VerificationArgs {
  /** Everything that runs, with the image that it is to run, as `repository@sha256:…`. */
  readonly containers: readonly {
    readonly name: pulumi.Input<string>;
    readonly id: pulumi.Input<string>;
    readonly image: string;
  }[];
  /** The job with the checks, made and not started. */
  readonly probe: {
    readonly name: pulumi.Input<string>;
    readonly id: pulumi.Input<string>;
    /** Largest number of processes and threads. */
    readonly pids: number;
  };
}

/**
 * The deployment's own checks after it is up. They run again when a container is a new one, that is after any change of
 * an image or a setting; failing, they fail the update, and the result before stays.
 */
export class Verification extends pulumi.CustomResource {
  /** Computed from what the checks wrote, and from nothing else. */
  declare readonly result: pulumi.Output<Result>;

  constructor(name: string, args: VerificationArgs, opts?: pulumi.CustomResourceOptions) {
    super("ralex:docker:Checks", name, { ...args, containers: [...args.containers], result: undefined }, opts);
  }
}
