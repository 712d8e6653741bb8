import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "./addresses";
import { labelsOf, type Identity } from "./identity";

export interface NetworksArgs {
  readonly identity: Identity;
  readonly plan: AddressPlan;
}

/** Two networks: the private one leads nowhere; what calls out or is published joins the other one as well. */
export class Networks extends pulumi.ComponentResource {
  readonly privateName: pulumi.Output<string>;
  readonly egressName: pulumi.Output<string>;

  constructor(name: string, args: NetworksArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:docker:Networks", name, {}, opts);
    // A network's name and addresses are taken until the old one is gone.
    const child = { parent: this, deleteBeforeReplace: true };
    const labels = labelsOf(args.identity);
    const isolated = new docker.Network(
      `${name}-private`,
      {
        name: `${args.identity.prefix}-private`,
        driver: "bridge",
        internal: true,
        ipamConfigs: [{ subnet: args.plan.subnet, gateway: args.plan.gateway }],
        labels,
      },
      child,
    );
    const egress = new docker.Network(
      `${name}-egress`,
      { name: `${args.identity.prefix}-egress`, driver: "bridge", labels },
      child,
    );
    this.privateName = isolated.name;
    this.egressName = egress.name;
    this.registerOutputs({ privateName: this.privateName, egressName: this.egressName });
  }
}
