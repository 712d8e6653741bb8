import * as pulumi from "@pulumi/pulumi";

export interface VolumeOwnersArgs {
  /** Names of volumes, each with the user that writes there. */
  readonly volumes: readonly {
    readonly volume: pulumi.Input<string>;
    readonly user: { readonly uid: number; readonly gid: number };
  }[];
  /** Docker's id of an image that the engine has: only to make a container of, which is never started. */
  readonly image: pulumi.Input<string>;
}

/**
 * The owners of the volumes' roots. Docker takes that of the folder in the image, and root where the image has none: a
 * service that is not root could not write there.
 */
export class VolumeOwners extends pulumi.CustomResource {
  constructor(name: string, { volumes, image }: VolumeOwnersArgs, opts?: pulumi.CustomResourceOptions) {
    super("ralex:docker:VolumeOwners", name, { volumes: [...volumes], image }, opts);
  }
}
