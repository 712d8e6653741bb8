import * as pulumi from "@pulumi/pulumi";

/** The cluster that a stack is on, by what no other cluster has: a context that leads elsewhere is refused. */
export class Cluster extends pulumi.CustomResource {
  /** UID of the namespace kube-system. */
  declare readonly uid: pulumi.Output<string>;

  constructor(name: string, args: { readonly context: string }, opts?: pulumi.CustomResourceOptions) {
    super("ralex:kubernetes:Cluster", name, { ...args, uid: undefined }, opts);
  }
}
