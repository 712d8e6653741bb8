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
  /** By id: a network that was made again has the old name, and what was joined to the old one has to join it. */
  readonly privateId: pulumi.Output<string>;
  readonly egressId: pulumi.Output<string>;

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
      // One after the other: whoever is on both networks has left both before the second one is removed.
      { ...child, dependsOn: [isolated] },
    );
    this.privateId = isolated.id;
    this.egressId = egress.id;
    this.registerOutputs({ privateId: this.privateId, egressId: this.egressId });
  }
}
