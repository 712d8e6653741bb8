import * as pulumi from "@pulumi/pulumi";

export interface VolumeOwnerArgs {
  readonly volume: pulumi.Input<string>;
  /** Docker's id of an image that the engine has: only to make a container of, which is never started. */
  readonly image: pulumi.Input<string>;
  readonly user: { readonly uid: number; readonly gid: number };
}

/**
 * The owner of a volume's root. Docker takes that of the folder in the image, and root where the image has none: a service
 * that is not root could not write there.
 */
export class VolumeOwner extends pulumi.CustomResource {
  constructor(name: string, { volume, image, user }: VolumeOwnerArgs, opts?: pulumi.CustomResourceOptions) {
    super("ralex:docker:VolumeOwner", name, { volume, image, user }, opts);
  }
}
