import * as pulumi from "@pulumi/pulumi";
import type { Application, Ref, Service, Text } from "../app/model";
import type { AddressPlan } from "./addresses";
import type { Secrets } from "./secrets";

/** Resolves what the model leaves open, for the local engine's network. */
export class Resolver {
  private readonly services: ReadonlyMap<string, Service>;

  constructor(
    application: Application,
    private readonly plan: AddressPlan,
    private readonly secrets: Secrets,
  ) {
    this.services = new Map(application.services.map((service) => [service.name, service]));
  }

  text(value: Text): pulumi.Output<string> {
    if (typeof value === "string") return pulumi.output(value);
    if ("join" in value) return pulumi.all(value.join.map((part) => this.text(part))).apply((parts) => parts.join(""));
    return pulumi.output(this.ref(value));
  }

  private ref(ref: Ref): pulumi.Input<string> {
    switch (ref.ref) {
      case "host":
        return ref.service;
      case "address":
        return `${ref.service}:${this.port(ref.service, ref.port)}`;
      case "eachAddress": {
        const port = this.port(ref.service, ref.port);
        const addresses = this.plan.of.get(ref.service) ?? [];
        return addresses.map((address) => `${ref.before}${address}:${port}${ref.after}`).join("");
      }
      case "secret":
        return this.secrets.get(ref.secret, ref.form);
    }
  }

  private port(service: string, port: string): number {
    const number = this.services.get(service)?.ports[port]?.number;
    if (number === undefined) throw new Error(`no service ${service} with a port ${port}`);
    return number;
  }
}
