/** What a deployment is called, as its resources are given it. */
import * as pulumi from "@pulumi/pulumi";
import type * as random from "@pulumi/random";
import { DEPLOYMENT_LABEL, prefixOf, STACK_LABEL } from "./labels";

/**
 * What a deployment is called, from its one resource in the state. It is chosen once: neither a path nor the stack's
 * present name is in it, so that nothing is replaced when a checkout is moved, cloned or its stack renamed.
 */
export class Identity {
  readonly prefix: pulumi.Output<string>;
  private readonly stack: pulumi.Output<string>;
  private readonly deployment: pulumi.Output<string>;

  constructor(id: random.RandomId) {
    this.stack = id.keepers.apply((keepers) => String(keepers?.stack));
    this.prefix = this.stack.apply(prefixOf);
    this.deployment = id.hex;
  }

  /** `<prefix>-<part>`. */
  name(part: string): pulumi.Output<string> {
    return this.prefix.apply((prefix) => `${prefix}-${part}`);
  }

  /** The labels of everything that belongs to the deployment, by name. */
  labels(more: Readonly<Record<string, string>> = {}): pulumi.Output<Record<string, string>> {
    return pulumi.all([this.stack, this.deployment]).apply(([stack, deployment]): Record<string, string> => ({
      [DEPLOYMENT_LABEL]: deployment,
      [STACK_LABEL]: stack,
      ...more,
    })) as pulumi.Output<Record<string, string>>;
  }

  /** {@link labels} as the Docker provider takes them. */
  labelList(more: Readonly<Record<string, string>> = {}): pulumi.Output<{ label: string; value: string }[]> {
    return this.labels(more).apply((labels) =>
      Object.entries(labels)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]) => ({ label, value })),
    );
  }
}
