import * as pulumi from "@pulumi/pulumi";
import type { Application, Text } from "../app/model";
import { addressText, type AddressPlan } from "./addresses";
import type { Secrets } from "./secrets";

/** Resolves what the model leaves open, for the local engine's network. */
export class Resolver {
  constructor(
    private readonly application: Application,
    private readonly plan: AddressPlan,
    private readonly secrets: Secrets,
  ) {}

  text(value: Text): pulumi.Output<string> {
    if (typeof value === "string") return pulumi.output(value);
    if ("join" in value) return pulumi.all(value.join.map((part) => this.text(part))).apply((parts) => parts.join(""));
    if (value.ref === "secret") return this.secrets.get(value.secret, value.form);
    return pulumi.output(addressText(value, this.application, this.plan));
  }
}
