import * as pulumi from "@pulumi/pulumi";

/**
 * The checkout's provider, made by name and without inputs. Pulumi's default one would take all of the project's
 * configuration as its inputs, since package and project are both called `ralex`: any setting that changes would update
 * the provider in the middle of an update, and close it under resources that are being removed.
 */
export class RalexProviderResource extends pulumi.ProviderResource {
  constructor(name: string, opts?: pulumi.ResourceOptions) {
    super("ralex", name, {}, opts);
  }
}
