import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "./addresses";
import type { Identity } from "./identity";

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
    const child = { parent: this, deleteBeforeReplace: true, ignoreChanges: ["labels"] };
    const { identity, plan } = args;
    const labels = identity.labelList();
    const isolated = new docker.Network(
      `${name}-private`,
      {
        name: identity.name("private"),
        driver: "bridge",
        internal: true,
        ipamConfigs: [{ subnet: plan.subnet, gateway: plan.gateway, ipRange: plan.dynamicRange }],
        labels,
      },
      child,
    );
    const egress = new docker.Network(
      `${name}-egress`,
      { name: identity.name("egress"), driver: "bridge", labels },
      child,
    );
    this.privateName = isolated.name;
    this.egressName = egress.name;
    this.registerOutputs({ privateName: this.privateName, egressName: this.egressName });
  }
}
