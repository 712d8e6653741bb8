import * as pulumi from "@pulumi/pulumi";

export interface JobRunArgs {
  readonly container: pulumi.Input<string>;
  /** Docker's id of the container: another one is run again. */
  readonly containerId: pulumi.Input<string>;
  /** Largest number of processes and threads. */
  readonly pids: number;
  /** Ids of what the job waits for: where one is another, as a database on an empty volume, the job runs again. */
  readonly after: readonly pulumi.Input<string>[];
}

/**
 * One run of a job's container, to its end. Not the container resource itself: a job that failed has to fail the update,
 * and to run again in the next one.
 */
export class JobRun extends pulumi.CustomResource {
  constructor(name: string, args: JobRunArgs, opts?: pulumi.CustomResourceOptions) {
    super("ralex:docker:JobRun", name, { ...args, after: [...args.after] }, opts);
  }
}
